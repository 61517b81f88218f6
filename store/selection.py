"""Which version of a model answers, and why."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from store.errors import NotFound
from store.registry import get_model
from store.registry_tables import AliasRow, ModelRow, ModelVersionRow

CHAMPION = "champion"


@dataclass(frozen=True)
class Selection:
    """The version that answers, and why: ``version``, ``alias``, ``champion`` or ``newest``.

    `log_sample` is which share of its predictions its model wants logged; None: what the settings say.
    """

    model: str
    version: int
    sha256: str
    selected_by: str
    log_sample: float | None = None


def select_version(
    s: Session, project: str, name: str, *, version: int | None = None, alias: str | None = None
) -> Selection:
    """Which version of the model answers.

    The one named by number or alias; else the alias `champion`; else the newest from a training job that
    succeeded. Versions kept after a cancel, imported or of a trial answer only when named.

    Raises
    ------
    NotFound
        ``model_not_found``, ``version_not_found`` or ``alias_not_found``.
    """
    columns = (
        select(ModelVersionRow.version, ModelVersionRow.sha256, ModelRow.log_sample)
        .join(ModelRow, (ModelRow.project_id == ModelVersionRow.project_id) & (ModelRow.name == name))
        .where(ModelVersionRow.project_id == project, ModelVersionRow.model_name == name)
    )
    if version is not None:
        named = s.execute(columns.where(ModelVersionRow.version == version)).one_or_none() if version < 2**31 else None
        if named is None:
            get_model(s, project, name)
            raise NotFound("version", f"{name}/{version}")
        return Selection(name, version, named.sha256, "version", named.log_sample)
    pointed = columns.join(
        AliasRow,
        (AliasRow.project_id == ModelVersionRow.project_id)
        & (AliasRow.model_name == ModelVersionRow.model_name)
        & (AliasRow.version == ModelVersionRow.version),
    ).where(AliasRow.alias == (alias or CHAMPION))
    found = s.execute(pointed).one_or_none()
    if found is not None:
        return Selection(name, found.version, found.sha256, "alias" if alias else "champion", found.log_sample)
    if alias is not None:
        get_model(s, project, name)
        raise NotFound("alias", f"{name}/{alias}")
    newest = columns.where(ModelVersionRow.source == "trained").order_by(ModelVersionRow.version.desc()).limit(1)
    found = s.execute(newest).one_or_none()
    if found is None:
        get_model(s, project, name)
        raise NotFound("version", f"{name} (no training has succeeded)")
    return Selection(name, found.version, found.sha256, "newest", found.log_sample)
