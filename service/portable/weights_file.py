"""A version as one safetensors file: its weights, and all that they need to be a model as metadata."""

from __future__ import annotations

import json

import safetensors.numpy

from store.registry_tables import ModelVersionRow

FORMAT_VERSION = 1
METADATA_KEY = "mlp"  # one key, whose value is JSON: the order of several is not the same each time
MEDIA_TYPE = "application/vnd.safetensors"


def weights_file(row: ModelVersionRow, weights: bytes) -> bytes:
    """The file of a version and its stored weights (`store.registry.load_weights`).

    Tensors are float32 ``layer_1.weight`` (n_1, n_0), ``layer_1.bias`` (n_1,), …, their bits those of the stored ones.
    """
    tensors = safetensors.numpy.load(weights)
    return safetensors.numpy.save(tensors, {METADATA_KEY: about_version(row)})


def about_version(row: ModelVersionRow) -> str:
    """All of a version but its weights that other programs need, as JSON."""
    about = {
        "format_version": FORMAT_VERSION,
        "model": row.model_name,
        "version": row.version,
        "sha256": row.sha256,
        "network": row.network,
        "encoding": row.encoding,
        "target_encoding": row.target_encoding,
        "schema": row.schema,
    }
    return json.dumps(about, ensure_ascii=False, allow_nan=False)
