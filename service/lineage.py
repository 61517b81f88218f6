"""A version's lineage as JSON: where it comes from, and what it was made with."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from store.registry_tables import ModelVersionRow

_RECORDED = ("code", "fingerprint", "bit_identical", "initialize_from", "search", "trial", "imported_from")


def lineage_answer(row: ModelVersionRow) -> dict[str, Any]:
    """The lineage; null stands for what is not known, as of an import or of a version from before it was recorded.

    `job` is the one that trained: of a search's version the trial's.
    """
    recorded = row.lineage or {}
    config = json.dumps(row.config, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return {
        "source": row.source,
        "dataset": row.dataset if row.dataset.get("id") else None,
        "job": recorded.get("job", row.job_id),
        "config_sha256": hashlib.sha256(config.encode()).hexdigest(),
        **{name: recorded.get(name) for name in _RECORDED},
    }
