"""Models and their versions: how they are asked for and shown."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from service.schemas.base import NO_NUL, WHOLE, Answer, Body, Path, most_keys


class ModelPath(Path):
    """A model by its name."""

    model: str = Field(description="The model's name.")


class VersionPath(Path):
    """One version of a model."""

    model: str = Field(description="The model's name.")
    version: Annotated[int, Field(ge=1), WHOLE] = Field(description="The version's number.")


MOST_TAGS = 100


Tags = Annotated[
    dict[Annotated[str, Field(min_length=1, max_length=100), NO_NUL], Annotated[str, Field(max_length=1000), NO_NUL]],
    Field(max_length=MOST_TAGS),
    most_keys(MOST_TAGS),
]


class DescribeRequest(Body):
    """What may be changed of a model or a version."""

    tags: Tags = Field(default_factory=dict, description="Replaces all tags; a key has 1 to 100 characters.")
    description: Annotated[str, Field(max_length=10_000), NO_NUL] = Field(default_factory=str)

    @property
    def given(self) -> dict[str, Any]:
        """What is to be changed."""
        return {name: getattr(self, name) for name in self.model_fields_set}


class ModelAnswer(Answer):
    """A model: a name with versions."""

    name: str
    task: str
    target: str | list[str]
    newest_version: int | None
    log_sample: float | None
    description: str
    tags: dict[str, str]
    created_at: str


class DescribeModelRequest(DescribeRequest):
    """What may be changed of a model."""

    log_sample: float | None = Field(
        None, ge=0, le=1, description="Share of its predicted rows that are logged; null: as MLP_LOG_SAMPLE says."
    )


class LineageAnswer(Answer):
    """Where a version comes from, and what it was made with; null is what is not known."""

    source: Literal["trained", "kept", "imported", "trial"]
    dataset: dict[str, Any] | None
    job: str | None = Field(description="The job that trained it; of a search's version the trial's.")
    config_sha256: str = Field(description="Equal for equal configurations.")
    code: dict[str, Any] | None = Field(description="`version` of the package, `core_sha256` of the sources in core/.")
    fingerprint: dict[str, Any] | None = Field(description="What must be equal for equal bits.")
    bit_identical: bool | None = Field(description="False where the job went on under another fingerprint.")
    initialize_from: dict[str, Any] | None = Field(description="The version that the training began with.")
    search: str | None
    trial: int | None
    imported_from: str | None = Field(description="`safetensors` or `scikit-learn`, of an import.")


class VersionAnswer(Answer):
    """An immutable version of a model."""

    model: str
    version: int
    created_at: str
    source: Literal["trained", "kept", "imported", "trial"]
    sha256: str
    config: dict[str, Any]
    schema_: dict[str, Any] = Field(alias="schema")
    metrics: dict[str, Any]
    importances: dict[str, Any] | None = Field(description="What the validation score owes to each feature.")
    best_epoch: int | None
    dataset: dict[str, Any]
    job: str | None
    lineage: LineageAnswer
    parameters: int
    network: dict[str, Any]
    description: str
    tags: dict[str, str]


class ModelPage(Answer):
    """A page of models, newest first."""

    items: list[ModelAnswer]
    next_cursor: str | None


class VersionPage(Answer):
    """A page of versions, newest first."""

    items: list[VersionAnswer]
    next_cursor: str | None
