"""A request to train: names and types here, ranges in `core.configuration`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from service.schemas.base import Body, Items, Name, most_keys
from service.schemas.search import SearchRequest

_MOST_CLASSES = 10_000
_LEAST_MEMORY, _MOST_MEMORY = 1 << 20, 2**53 - 1  # less than a MiB no process can count; JSON counts no further
TaskName = Literal["classification", "regression", "multilabel", "distribution"]


class NetworkRequest(Body):
    """The network's form."""

    hidden: Items[int] = Field([128, 64], description="Sizes of the hidden layers, first to last.")
    activation: str = Field("relu", description="relu, sigmoid, tanh, silu, gelu, gelu_tanh or identity.")
    dropout: float = Field(0.0, description="Share of hidden activations dropped in training, 0 to below 1.")
    input_dropout: float = Field(0.0, description="Share of inputs dropped in training, 0 to below 1.")


class OptimizerRequest(Body):
    """The optimizer."""

    name: str = Field("adam", description="adam, adamw, sgd, or lbfgs for small data.")
    learning_rate: float | None = Field(None, description="0.001 for adam and adamw, 0.01 for sgd.")
    momentum: float | None = Field(None, description="sgd only.")
    nesterov: bool | None = Field(None, description="sgd only.")
    beta_1: float | None = Field(None, description="adam and adamw.")
    beta_2: float | None = Field(None, description="adam and adamw.")
    epsilon: float | None = Field(None, description="adam and adamw.")
    weight_decay: float | None = Field(
        None, description="adamw and sgd: weights shrink by learning_rate · weight_decay. 0.01 for adamw, 0 for sgd."
    )


class ScheduleRequest(Body):
    """How the learning rate goes over the epochs."""

    name: str = Field("constant", description="constant, step, cosine or plateau.")
    warmup_epochs: int | None = Field(None, description="The rate rises evenly over so many first epochs. Default: 0.")
    step_epochs: int | None = Field(None, description="step: the rate falls after each so many epochs. Default: 30.")
    factor: float | None = Field(None, description="step, plateau: what it is multiplied by. Default: 0.1.")
    patience: int | None = Field(None, description="plateau: epochs without an improvement. Default: 10.")
    min_delta: float | None = Field(None, description="plateau: least fall of the loss that counts. Default: 0.0001.")
    min_learning_rate: float | None = Field(None, description="cosine, plateau: where the fall ends. Default: 0.")


class EarlyStoppingRequest(Body):
    """When to stop before the last epoch."""

    metric: str = Field(
        "validation_loss",
        description="validation_loss, validation_score, train_loss, train_score; classification: "
        "validation_balanced_accuracy, validation_macro_f1, validation_roc_auc; regression: validation_rmse, "
        "validation_mae.",
    )
    patience: int = Field(20, description="Epochs without an improvement.")
    min_delta: float = Field(1e-4, description="Least improvement that counts.")


class InitializeFromRequest(Body):
    """The version that a training begins with; without a number or alias the one that would answer a prediction."""

    model: str
    version: int | None = Field(None, ge=1)
    alias: str | None = None


class CrossValidationRequest(Body):
    """Trainings on all but one part of the rows, each scored on that part, before the training itself."""

    folds: int = Field(5, ge=2, le=20, description="How many parts.")


class TrainRequest(Body):
    """A model of one column (or several) of a dataset, learnt from the others."""

    dataset: str = Field(description="Id, name, or `name@version`.")
    target: str | Items[str] = Field(description="The column to predict; a list needs `task`.")
    model: Name | None = Field(None, description="Name of the model. Default: the dataset's name.")
    features: Items[str] | None = Field(
        None, min_length=1, description="Columns to learn from. Default: all with the role `feature`, less the target."
    )
    task: TaskName | None = Field(None, description="Default: by the target's type; see `config.inferred`.")
    initialize_from: InitializeFromRequest | None = Field(
        None, description="Begin with a version's weights and encodings (fine-tuning)."
    )
    network: NetworkRequest = NetworkRequest()
    loss: str | None = Field(
        None, description="cross_entropy, binary_cross_entropy, mse, mae or huber. Default: the task's."
    )
    huber_delta: float | None = Field(
        None, description="Where the Huber loss turns linear, in standardised units. Default: 1."
    )
    label_smoothing: float = Field(0.0, description="Share of each training label spread evenly, 0 to below 1.")
    class_weights: Literal["balanced"] | Annotated[dict[str, float], most_keys(_MOST_CLASSES)] | None = Field(
        None, description="`balanced`, or what an example of each class counts for in the loss; others count 1."
    )
    sample_weight: str | None = Field(
        None, description="A column that says what each row counts for in the loss; it is then no feature."
    )
    optimizer: OptimizerRequest = OptimizerRequest()
    schedule: ScheduleRequest = ScheduleRequest()
    epochs: int = Field(200, description="At most this many.")
    batch_size: int | None = Field(None, description="Default: 32; 128 from 10,000 rows.")
    validation_fraction: float = Field(0.1, description="Share of rows that watch the training.")
    test_fraction: float | None = Field(None, description="Share scored once at the end. Default: 0.15 from 200 rows.")
    early_stopping: EarlyStoppingRequest | None = EarlyStoppingRequest()
    max_seconds: float | None = Field(
        None, description="The training ends with the batch that reaches so many seconds; null: no limit."
    )
    time_limit_seconds: float | None = Field(
        None,
        gt=0,
        description="The job fails when it has run for so long, in all its attempts; of a search each trial. Null: the "
        "service's largest. To end a training well, give `max_seconds`.",
    )
    memory_limit_bytes: int | None = Field(
        None,
        ge=_LEAST_MEMORY,
        le=_MOST_MEMORY,
        description="The job fails when it takes more memory than this; of a search each trial. Null: the service's "
        "largest.",
    )
    l1: float = Field(0.0, description="Weight of Σ|W| in the loss.")
    l2: float = Field(0.0, description="Weight of (1/2) Σ‖W‖² in the loss.")
    max_norm: float | None = Field(None, description="Greatest length of a unit's incoming weights; null: none.")
    max_gradient_norm: float | None = Field(None, description="A longer gradient is shortened to this; null: never.")
    clip: float | None = Field(5.0, description="Standardised features are held within ±clip; null: not at all.")
    cross_validation: CrossValidationRequest | None = Field(None, description="Score it by folds too; null: no.")
    importance_repeats: int = Field(
        5, ge=0, le=100, description="How often each feature is permuted for its importance; 0: no importances."
    )
    search: SearchRequest | None = Field(
        None, description="Train many times with other settings, and publish the best; null: train once."
    )
    seed: int = Field(0, description="Of every random number.")
