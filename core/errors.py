"""Every error that core raises on purpose.

::

    MLPError
    ├── InvalidConfiguration    invalid_configuration    a setting that cannot be
    ├── DataError               invalid_data             the table cannot be used as asked
    │   ├── EncodingError       encoding_error           a column or a value that does not fit its encoding
    │   ├── NotEnoughRows       not_enough_rows          too few rows to train on
    │   └── OneClass            one_class                a target with fewer than two classes
    ├── TrainingDiverged        training_diverged        a loss or gradient stopped being finite
    └── UnreadableState         unreadable_state         a saved training or encoding that this code cannot read
"""


class MLPError(Exception):
    """Root of the tree.

    Attributes
    ----------
    code : str
        Stable, snake_case; programs switch on it.
    detail : str
        What is wrong, in a sentence for a person.
    hint : str or None
        What to try.
    """

    code = "mlp_error"
    hint: str | None = None

    def __init__(self, detail: str, hint: str | None = None) -> None:
        super().__init__(detail, hint)
        self.detail = detail
        self.hint = hint

    def __str__(self) -> str:
        return self.detail


class InvalidConfiguration(MLPError):
    """A setting that cannot be: `field` is its dotted path, `expected` what would do."""

    code = "invalid_configuration"

    def __init__(self, field: str, detail: str, expected: str) -> None:
        super().__init__(detail, f"expected {expected}")
        self.args = (field, detail, expected)  # pickle calls the class again with args
        self.field = field
        self.expected = expected

    def __str__(self) -> str:
        return f"{self.field}: {self.detail} (expected {self.expected})"


class DataError(MLPError):
    """The table cannot be used as asked."""

    code = "invalid_data"


class EncodingError(DataError):
    """A column or a value that does not fit its encoding.

    `column` is the column's name, `row` the 0-based row of the table that was passed (None: no single row).
    """

    code = "encoding_error"

    def __init__(self, detail: str, column: str | None = None, row: int | None = None) -> None:
        super().__init__(detail)
        self.args = (detail, column, row)
        self.column = column
        self.row = row


class NotEnoughRows(DataError):
    """Too few rows to train on."""

    code = "not_enough_rows"


class OneClass(DataError):
    """A classification target with fewer than two classes."""

    code = "one_class"


class TrainingDiverged(MLPError):
    """A loss, a gradient or a parameter stopped being finite.

    Attributes
    ----------
    epoch, batch : int
        Where, both counted from 1.
    last_finite_loss : float or None
        The mean loss of the last batch that had a finite one; None when there was none.
    """

    code = "training_diverged"

    def __init__(self, epoch: int, batch: int, last_finite_loss: float | None, hint: str) -> None:
        last = "there was no finite loss before" if last_finite_loss is None else f"the last was {last_finite_loss:.6g}"
        super().__init__(f"the loss stopped being finite in epoch {epoch}, batch {batch}; {last}", hint)
        self.args = (epoch, batch, last_finite_loss, hint)
        self.epoch = epoch
        self.batch = batch
        self.last_finite_loss = last_finite_loss


class UnreadableState(MLPError):
    """A saved training or encoding that this code cannot read."""

    code = "unreadable_state"
