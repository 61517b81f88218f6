"""The ``mlp`` command: its composition root, which says only which commands there are."""

from __future__ import annotations

import typer

from mlp.commands import dataset, db, demo, drift, job_verbs, jobs, predict, search, train, up, versions

app = typer.Typer(
    name="mlp",
    help="Train multilayer perceptrons on a table and serve them. MLP_URL says where the service is.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command()(up.up)
app.command()(demo.demo)
app.add_typer(dataset.app, name="dataset")
app.command()(train.train)
app.command()(search.search)
app.command()(jobs.jobs)
app.command()(jobs.watch)
app.command()(search.trials)
app.command()(job_verbs.cancel)
app.command()(job_verbs.retry)
app.command()(job_verbs.forget)
app.command()(predict.predict)
app.command()(versions.models)
app.command()(versions.promote)
app.command()(versions.rollback)
app.command()(drift.drift)
app.add_typer(db.app, name="db")


def main() -> None:
    """Run the command that was typed."""
    app()


if __name__ == "__main__":
    main()
