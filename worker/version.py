"""What a finished training hands to the registry: the network, its scores, and where it comes from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
import safetensors.numpy

from core.importance import permutation_importances
from core.metrics import evaluate
from core.network import MLP
from store.registry import NewVersion
from store.tables import DatasetRow, JobRow
from worker.job_config import JobConfig
from worker.lineage import lineage_of
from worker.trainer import AnyTrainer
from worker.training_data import Part, TrainingData
from worker.training_profile import training_profile

Beat: TypeAlias = Callable[[], None]


def _no_beat() -> None:
    """Nobody waits for signs of life."""


def encode_weights(network: MLP) -> bytes:
    """A network's parameters as safetensors bytes: float32 ``layer_1.weight`` (n_1, n_0), ``layer_1.bias`` (n_1,), …"""
    tensors = {}
    for number, (W, b) in enumerate(zip(network.weights, network.biases, strict=True), start=1):
        tensors[f"layer_{number}.weight"] = np.ascontiguousarray(W, dtype=np.float32)
        tensors[f"layer_{number}.bias"] = np.ascontiguousarray(b, dtype=np.float32)
    return safetensors.numpy.save(tensors)


def trained_version(
    trainer: AnyTrainer,
    job: JobRow,
    config: JobConfig,
    dataset: DatasetRow,
    data: TrainingData,
    *,
    beat: Beat = _no_beat,
) -> NewVersion:
    """The version of a training that ran to its end: the best epoch's network with early stopping, else the last's.

    Parameters
    ----------
    beat : callable
        Called between the steps.
    """
    return _new_version("trained", trainer.best_network(), trainer.best_epoch, job, config, dataset, data, beat)


def kept_version(
    trainer: AnyTrainer,
    keep: str | None,
    job: JobRow,
    config: JobConfig,
    dataset: DatasetRow,
    data: TrainingData,
    *,
    beat: Beat = _no_beat,
) -> NewVersion | None:
    """The version that a cancelled training leaves; None where none is wanted, or no epoch had ended.

    Parameters
    ----------
    keep : {"best", "last"} or None
        The network of the best epoch, or the one of the moment of the cancel.
    beat : callable
        Called between the steps.
    """
    if keep is None or trainer.best_epoch == 0:
        return None
    network, epoch = trainer.best_network(), trainer.best_epoch
    if keep == "last":
        network = MLP.from_parameters(
            network.layer_sizes, network.hidden_activation, network.output_activation, trainer.state.parameters
        )
        epoch = trainer.state.epoch - 1
    if not np.isfinite(network.parameters).all():
        return None  # it was about to diverge
    source = "kept" if job.search_id is None else "trial"
    return _new_version(source, network, epoch, job, config, dataset, data, beat)


def _new_version(
    source: str,
    network: MLP,
    best_epoch: int,
    job: JobRow,
    config: JobConfig,
    dataset: DatasetRow,
    data: TrainingData,
    beat: Beat,
) -> NewVersion:
    return NewVersion(
        source=source,
        job_id=job.id,
        weights=encode_weights(network),
        parameters=int(network.parameters.size),
        network={
            "layer_sizes": list(network.layer_sizes),
            "activation": network.hidden_activation,
            "output_activation": network.output_activation,
        },
        encoding=data.encoding.to_dict(),
        target_encoding=data.target_encoding.to_dict(),
        schema=_schema(config, dataset, data),
        config=job.config,
        metrics=_metrics(config, data, network, beat),
        importances=_importances(config, data, network, beat),
        lineage=lineage_of(job),
        profile=training_profile(data, network),
        best_epoch=best_epoch,
        dataset={
            "id": job.dataset_id,
            "name": job.dataset_name,
            "version": job.dataset_version,
            "sha256": job.dataset_sha256,
        },
    )


def _metrics(config: JobConfig, data: TrainingData, network: MLP, beat: Beat) -> dict[str, Any]:
    def score(part: Part) -> dict[str, Any] | None:
        beat()
        if len(part) == 0:
            return None
        metrics: dict[str, Any] = evaluate(
            config.training.task,
            network.predict(part.X),
            part.Y,
            data.target_encoding,
            train_targets=data.train.Y,
            seed=config.training.seed,
        )
        return metrics

    return {"train": score(data.train), "validation": score(data.validation), "test": score(data.test)}


def _importances(config: JobConfig, data: TrainingData, network: MLP, beat: Beat) -> dict[str, Any] | None:
    """Of the validation rows; None without such rows, or where none were asked for."""
    if config.importance_repeats == 0 or len(data.validation) == 0:
        return None
    return permutation_importances(
        network,
        data.validation.X,
        data.validation.Y,
        data.encoding,
        config.training.task,
        repeats=config.importance_repeats,
        seed=config.training.seed,
        beat=beat,
    )


def _schema(config: JobConfig, dataset: DatasetRow, data: TrainingData) -> dict[str, Any]:
    columns = {column["name"]: column for column in dataset.columns}
    features = []
    for feature in data.encoding.features:
        column = columns[feature.name]
        entry = {name: column[name] for name in ("name", "type", "query_name")}
        if feature.categories is not None:
            entry["categories"] = list(feature.categories)
        else:
            entry |= {name: column.get(name) for name in ("min", "max", "mean")}
        features.append(entry)
    types = [columns[name]["type"] for name in config.targets]
    return {
        "features": features,
        "target": config.target,
        "target_type": types[0] if isinstance(config.target, str) else types,
        "classes": list(data.target_encoding.classes) or None,
    }
