"""Ids of rows and names that people give."""

from __future__ import annotations

import re

from ulid import ULID

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_ID = re.compile(r"(ds|job)_[0-9A-Za-z]{26}")


def new_id(prefix: str) -> str:
    """A new id such as ``job_01K…``: sorts by the time of its making."""
    return f"{prefix}_{ULID()}"


def looks_like_id(text: str) -> bool:
    """Whether the text has the form of a dataset's or job's id."""
    return _ID.fullmatch(text) is not None


def is_name(text: str) -> bool:
    """Whether the text may name a dataset, model or alias: 1 to 64 of ``A-Za-z0-9._-``, not like an id."""
    return NAME.fullmatch(text) is not None and not looks_like_id(text)
