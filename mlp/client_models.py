"""The client's methods about models and their predictions."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from typing import Any, cast

from mlp import asking
from mlp.answers import Alias, Comparison, Job, Model, Move, Predictions, Version
from mlp.connection import Connection, given, quote


class ModelMethods:
    """Look at models and their versions; predict."""

    _connection: Connection

    def models(self) -> Iterator[Model]:
        """All models, newest first."""
        return self._connection.items("/models", {})

    def model(self, model: str) -> Model:
        """One model."""
        return cast(Model, self._connection.json("GET", f"/models/{quote(model)}"))

    def versions(self, model: str) -> Iterator[Version]:
        """The versions of a model, newest first."""
        return self._connection.items(f"/models/{quote(model)}/versions", {})

    def version(self, model: str, version: int) -> Version:
        """One version: its schema, configuration and metrics."""
        return cast(Version, self._connection.json("GET", f"/models/{quote(model)}/versions/{version}"))

    def compare(self, model: str, versions: Sequence[int] | None = None) -> Comparison:
        """The metrics of versions side by side: of the newest 50, or of those named."""
        named = None if versions is None else ",".join(map(str, versions))
        path = f"/models/{quote(model)}/versions"
        return cast(Comparison, self._connection.json("GET", path, params=given(compare="true", versions=named)))

    def aliases(self, model: str) -> list[Alias]:
        """The aliases of a model, by name."""
        return cast(list[Alias], self._connection.json("GET", f"/models/{quote(model)}/aliases")["items"])

    def promote(
        self,
        model: str,
        version: int,
        alias: str = "champion",
        *,
        reason: str | None = None,
        if_better_than: str | None = None,
        metric: str | None = None,
        dataset: str | None = None,
        min_improvement: float | None = None,
    ) -> Move:
        """Let an alias point at a version; the champion answers where nothing else is asked for.

        Parameters
        ----------
        reason : str or None
            Kept in the alias's history.
        if_better_than : str or None
            Move only if the version is better than the one that this alias points at, by `metric` (and at least by
            `min_improvement`): on `dataset`, on which both are scored now, else by the metrics that both brought.
        """
        path = f"/models/{quote(model)}/aliases/{quote(alias)}"
        challenge = given(
            if_better_than=if_better_than, metric=metric, dataset=dataset, min_improvement=min_improvement
        )
        body = {"version": version, **given(reason=reason), **challenge}
        # A challenge that has succeeded would find itself no better than itself.
        return cast(Move, self._connection.json("PUT", path, json=body, again=not challenge))

    def rollback(self, model: str, alias: str = "champion", *, reason: str | None = None) -> Alias:
        """Let an alias point at the version that it pointed at before."""
        path = f"/models/{quote(model)}/aliases/{quote(alias)}/rollback"
        return cast(Alias, self._connection.json("POST", path, json=given(reason=reason) or None))

    def drift(self, model: str, *, version: int | None = None, since: str | None = None) -> dict[str, Any]:
        """How far what is logged of a version has moved from its training rows.

        Parameters
        ----------
        version : int or None
            The one that answers when None.
        since : str or None
            Only predictions from then on, an RFC 3339 time.
        """
        params = given(version=version, since=since)
        return cast(dict[str, Any], self._connection.json("GET", f"/models/{quote(model)}/drift", params=params))

    def predict(
        self,
        model: str,
        rows: Any,
        *,
        version: int | None = None,
        alias: str | None = None,
        top_k: int | None = None,
    ) -> Predictions:
        """Predict one row (``GET``) or many (``POST``); the answer has one shape.

        Parameters
        ----------
        rows : mapping, sequence, array or data frame
            One row: features by name, or their values in the order of the version's features. Many: a sequence of
            such rows.
        version, alias : int, str or None
            Which version answers; the service chooses, and says how, when both are None.
        top_k : int or None
            Keep only so many probabilities.
        """
        options = {"model": model, **given(version=version, alias=alias, top_k=top_k)}
        data = asking.plain(rows)
        one = asking.is_one_row(data)
        query = asking.address(options, data) if one and data else None
        if query is not None:
            return cast(Predictions, self._connection.json("GET", f"/predict?{query}"))
        many = [data] if one and data else list(data)
        return cast(Predictions, self._connection.json("POST", "/predict", json=asking.body(options, many), again=True))

    def predict_dataset(
        self,
        model: str,
        dataset: str,
        *,
        name: str | None = None,
        version: int | None = None,
        alias: str | None = None,
        idempotency_key: str | None = None,
    ) -> Job:
        """Ask for the predictions of all rows of a stored dataset.

        Parameters
        ----------
        name : str or None
            What the result is called; ``<dataset>-<model>-<version>`` when None.
        version, alias : int, str or None
            As in `predict`.
        idempotency_key : str or None
            Two requests with the same key are one job. A fresh key when None.

        Returns
        -------
        Job
            Queued. When it has succeeded (`wait`), its ``result`` is the id of a dataset: the one asked about, with the
            predictions appended.
        """
        headers = {"Idempotency-Key": idempotency_key or uuid.uuid4().hex}
        document = {"model": model, "dataset": dataset, **given(name=name, version=version, alias=alias)}
        return cast(Job, self._connection.json("POST", "/predict", json=document, headers=headers, again=True))
