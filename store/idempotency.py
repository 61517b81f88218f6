"""Keys by which a client says that two requests are the same one: what the first was answered with."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import delete
from sqlalchemy.orm import Session

from store.errors import Conflict
from store.locks import lock_name
from store.tables import IdempotencyRow


@dataclass(frozen=True)
class IdempotencyKey:
    """A client's promise that two requests are the same one.

    Parameters
    ----------
    route : str
        Such as ``POST /train``.
    key : str
        The header's value.
    body_sha256 : str
        Digest of what the request's body means.
    """

    route: str
    key: str
    body_sha256: str


def recall(s: Session, project: str, idempotency: IdempotencyKey) -> str | None:
    """What the same key made before; None at its first time. Locks the key until the transaction ends.

    Raises
    ------
    Conflict
        ``idempotency_key_reused`` where the body was another one.
    """
    lock_name(s, project, "idempotency", f"{idempotency.route} {idempotency.key}")
    known = s.get(IdempotencyRow, (project, idempotency.route, idempotency.key))
    if known is None:
        return None
    if known.body_sha256 != idempotency.body_sha256:
        raise Conflict(
            "idempotency_key_reused", "This Idempotency-Key came before with another body; use a new key for it."
        )
    return known.resource_id


def remember(s: Session, project: str, idempotency: IdempotencyKey, made: str) -> None:
    """Note what the key made, in the transaction that makes it."""
    s.add(
        IdempotencyRow(
            project_id=project,
            route=idempotency.route,
            key=idempotency.key,
            body_sha256=idempotency.body_sha256,
            resource_id=made,
        )
    )


def forget(s: Session, project: str, *made: str) -> None:
    """Forget the keys of what is deleted."""
    s.execute(delete(IdempotencyRow).where(IdempotencyRow.project_id == project, IdempotencyRow.resource_id.in_(made)))
