"""``mlp train``: ask for a model of a column."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from mlp.commands.submitting import given, submit


def train(
    source: Annotated[str, typer.Argument(help="A CSV file, which is uploaded first, or a dataset's name.")],
    target: Annotated[list[str], typer.Option("--target", "-t", help="The column to predict (more than one: repeat).")],
    watch: Annotated[
        bool, typer.Option("--watch", "-w", help="Follow the training, and say what it is worth.")
    ] = False,
    model: Annotated[str | None, typer.Option(help="The model's name; the dataset's when left out.")] = None,
    features: Annotated[str | None, typer.Option(help="Columns to predict from, as a,b,c; all when left out.")] = None,
    task: Annotated[str | None, typer.Option(help="classification, regression, multilabel or distribution.")] = None,
    initialize_from: Annotated[
        str | None, typer.Option(help="Begin with a version's weights: a model's name, or name@3 for one version.")
    ] = None,
    hidden: Annotated[str | None, typer.Option(help="Sizes of the hidden layers, as 128,64.")] = None,
    activation: Annotated[
        str | None, typer.Option(help="relu, sigmoid, tanh, silu, gelu, gelu_tanh, identity.")
    ] = None,
    dropout: Annotated[float | None, typer.Option(help="Share of hidden units left out of each step.")] = None,
    input_dropout: Annotated[float | None, typer.Option(help="Share of inputs left out of each step.")] = None,
    loss: Annotated[
        str | None, typer.Option(help="cross_entropy, binary_cross_entropy, mse, mae or huber; the task's by default.")
    ] = None,
    huber_delta: Annotated[float | None, typer.Option(help="Where the Huber loss turns linear.")] = None,
    label_smoothing: Annotated[float | None, typer.Option(help="Share of each label spread evenly.")] = None,
    class_weights: Annotated[
        str | None, typer.Option(help="balanced, or a weight for each class, as yes=5,no=1.")
    ] = None,
    sample_weight: Annotated[str | None, typer.Option(help="A column that says what each row counts for.")] = None,
    optimizer: Annotated[str | None, typer.Option(help="adam, adamw, sgd, or lbfgs for small data.")] = None,
    learning_rate: Annotated[float | None, typer.Option(help="The optimizer's learning rate.")] = None,
    momentum: Annotated[float | None, typer.Option(help="Of sgd.")] = None,
    nesterov: Annotated[bool | None, typer.Option("--nesterov", help="Nesterov's momentum, of sgd.")] = None,
    beta_1: Annotated[float | None, typer.Option(help="Of adam, adamw: how much of the mean gradient stays.")] = None,
    beta_2: Annotated[float | None, typer.Option(help="Of adam, adamw: how much of the mean square stays.")] = None,
    epsilon: Annotated[float | None, typer.Option(help="Of adam, adamw: what is added to the root.")] = None,
    weight_decay: Annotated[float | None, typer.Option(help="Of adamw and sgd.")] = None,
    schedule: Annotated[
        str | None, typer.Option(help="Of the learning rate: constant, step, cosine or plateau.")
    ] = None,
    warmup_epochs: Annotated[int | None, typer.Option(help="Epochs over which the learning rate rises.")] = None,
    step_epochs: Annotated[int | None, typer.Option(help="Of step: the rate falls after so many epochs each.")] = None,
    factor: Annotated[float | None, typer.Option(help="Of step and plateau: what the rate is multiplied by.")] = None,
    plateau_patience: Annotated[
        int | None, typer.Option(help="Of plateau: epochs without an improvement, then the rate falls.")
    ] = None,
    plateau_min_delta: Annotated[
        float | None, typer.Option(help="Of plateau: the least fall of the loss that counts.")
    ] = None,
    min_learning_rate: Annotated[float | None, typer.Option(help="Of cosine and plateau: where the fall ends.")] = None,
    stop_on: Annotated[
        str | None, typer.Option(help="What early stopping watches, such as validation_loss or validation_roc_auc.")
    ] = None,
    patience: Annotated[int | None, typer.Option(help="Epochs without an improvement, then it stops.")] = None,
    min_delta: Annotated[float | None, typer.Option(help="The least improvement that counts.")] = None,
    max_seconds: Annotated[float | None, typer.Option(help="The training ends well after so many seconds.")] = None,
    time_limit_seconds: Annotated[
        float | None, typer.Option(help="The job fails when it has run for so many seconds; see --max-seconds.")
    ] = None,
    memory_limit_bytes: Annotated[
        int | None, typer.Option(help="The job fails when it takes so many bytes of memory.")
    ] = None,
    epochs: Annotated[int | None, typer.Option(help="Passes over the training rows at most.")] = None,
    batch_size: Annotated[int | None, typer.Option(help="Rows of a step.")] = None,
    validation_fraction: Annotated[float | None, typer.Option(help="Share of rows that watch the training.")] = None,
    test_fraction: Annotated[float | None, typer.Option(help="Share of rows kept for the final score.")] = None,
    clip: Annotated[float | None, typer.Option(help="Standardised features are held within ±this.")] = None,
    l2: Annotated[float | None, typer.Option(help="Weight of the penalty on large weights.")] = None,
    l1: Annotated[float | None, typer.Option(help="Weight of the penalty on the sum of all weights' sizes.")] = None,
    max_norm: Annotated[float | None, typer.Option(help="Greatest length of a unit's incoming weights.")] = None,
    max_gradient_norm: Annotated[float | None, typer.Option(help="A longer gradient is shortened to this.")] = None,
    folds: Annotated[int | None, typer.Option(help="Cross-validate by so many folds, too.")] = None,
    importance_repeats: Annotated[
        int | None, typer.Option(help="How often each feature is permuted for its importance; 0: never.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of all that is random.")] = None,
) -> None:
    """Train a model: mlp train iris.csv --target species --watch."""
    network = given(hidden=_sizes(hidden), activation=activation, dropout=dropout, input_dropout=input_dropout)
    steps = given(
        name=optimizer,
        learning_rate=learning_rate,
        momentum=momentum,
        nesterov=nesterov,
        beta_1=beta_1,
        beta_2=beta_2,
        epsilon=epsilon,
        weight_decay=weight_decay,
    )
    if steps:
        steps.setdefault("name", "adam")
    rate = given(
        name=schedule,
        warmup_epochs=warmup_epochs,
        step_epochs=step_epochs,
        factor=factor,
        patience=plateau_patience,
        min_delta=plateau_min_delta,
        min_learning_rate=min_learning_rate,
    )
    options = given(
        model=model,
        features=features.split(",") if features else None,
        task=task,
        initialize_from=_version(initialize_from),
        network=network or None,
        loss=loss,
        huber_delta=huber_delta,
        label_smoothing=label_smoothing,
        class_weights=_weights(class_weights),
        sample_weight=sample_weight,
        optimizer=steps or None,
        schedule=rate or None,
        early_stopping=given(metric=stop_on, patience=patience, min_delta=min_delta) or None,
        max_seconds=max_seconds,
        time_limit_seconds=time_limit_seconds,
        memory_limit_bytes=memory_limit_bytes,
        epochs=epochs,
        batch_size=batch_size,
        validation_fraction=validation_fraction,
        test_fraction=test_fraction,
        clip=clip,
        l1=l1,
        l2=l2,
        max_norm=max_norm,
        max_gradient_norm=max_gradient_norm,
        cross_validation=given(folds=folds) or None,
        importance_repeats=importance_repeats,
        seed=seed,
    )
    submit(source, target, options, watch=watch)


def _sizes(text: str | None) -> list[int] | None:
    if text is None:
        return None
    try:
        return [int(size) for size in text.split(",") if size.strip()]
    except ValueError:
        raise typer.BadParameter(f"{text!r} is not a list of sizes such as 128,64", param_hint="--hidden") from None


def _weights(text: str | None) -> str | dict[str, float] | None:
    if text is None or text == "balanced":
        return text
    try:
        return {name: float(weight) for name, _, weight in (part.rpartition("=") for part in text.split(","))}
    except ValueError:
        said = f"{text!r} is neither 'balanced' nor weights such as yes=5,no=1"
        raise typer.BadParameter(said, param_hint="--class-weights") from None


def _version(text: str | None) -> dict[str, Any] | None:
    if text is None:
        return None
    model, at, version = text.rpartition("@")
    if not at:
        return {"model": version}
    if not version.isdecimal():
        raise typer.BadParameter(f"{text!r} is not a model's version such as iris@3", param_hint="--initialize-from")
    return {"model": model, "version": int(version)}
