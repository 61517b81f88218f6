"""Curves drawn in a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.text import Text

_DOTS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))
"""Bits of a braille cell's dots, by column and row (Unicode Standard, block 2800)."""
_BRAILLE = 0x2800
_COLOURS = ("cyan", "yellow")
_LETTERS = ("*", "o")
_GUTTER = 10


def curves(series: Mapping[str, Sequence[float | None]], width: int, height: int = 12, *, colour: bool = True) -> Text:
    """Draw at most two curves over the numbers 1, 2, 3….

    Parameters
    ----------
    series : mapping of str to sequence of (float or None)
        Name and values; None is a gap.
    width, height : int
        Of the whole, in characters; of the drawing's area, in lines.
    colour : bool
        Dots of a quarter of a line in two colours; else one letter for each curve, which a file or a log can hold.

    Returns
    -------
    Text
        No line is longer than `width`; empty when there is nothing to draw.
    """
    numbers = [value for values in series.values() for value in values if value is not None]
    count = max((len(values) for values in series.values()), default=0)
    if not numbers:
        return Text()
    low, high = min(numbers), max(numbers)
    columns = max(10, width - _GUTTER)
    across, down = (2, 4) if colour else (1, 1)
    cells: dict[tuple[int, int], tuple[int, int]] = {}  # (line, column) → (which curve, dots)
    for which, values in enumerate(series.values()):
        for x, y in _points(values, count, (low, high), columns * across, height * down):
            place = (y // down, x // across)
            owner, dots = cells.get(place, (which, 0))
            cells[place] = (owner, dots | _DOTS[x % across][y % down] if colour else 0)
    drawing = Text(no_wrap=True)
    drawing.append_text(_legend(series, colour=colour))
    for line in range(height):
        label = f"{high - (high - low) * line / max(1, height - 1):.4g}" if line in (0, height // 2, height - 1) else ""
        drawing.append(f"{label:>{_GUTTER - 2}} ┤" if colour else f"{label:>{_GUTTER - 2}} |", "dim")
        for column in range(columns):
            owner, dots = cells.get((line, column), (-1, 0))
            if owner < 0:
                drawing.append(" ")
            else:
                drawing.append(chr(_BRAILLE + dots) if colour else _LETTERS[owner], _COLOURS[owner])
        drawing.append("\n")
    drawing.append(f"{'1':>{_GUTTER}}{f'epoch {count}':>{columns}}"[: width + 1], "dim")
    return drawing


def _points(
    values: Sequence[float | None], count: int, limits: tuple[float, float], across: int, down: int
) -> list[tuple[int, int]]:
    """Every dot of one curve: its points, and the vertical steps between neighbours."""
    low, high = limits
    points: list[tuple[int, int]] = []
    former: int | None = None
    for x in range(across):
        index = x * (count - 1) / max(1, across - 1)
        value = _at(values, index)
        if value is None:
            former = None
            continue
        y = round((high - value) / (high - low) * (down - 1)) if high > low else down // 2
        start = y if former is None else former
        points += [(x, step) for step in range(min(start, y), max(start, y) + 1)]
        former = y
    return points


def _at(values: Sequence[float | None], index: float) -> float | None:
    """A curve's value between two of its points."""
    left = int(index)
    if left >= len(values) or values[left] is None:
        return None
    right = min(left + 1, len(values) - 1)
    first, second = values[left], values[right]
    assert first is not None
    return first if second is None else first + (second - first) * (index - left)


def _legend(names: Mapping[str, object], *, colour: bool) -> Text:
    legend = Text(" " * _GUTTER)
    for which, name in enumerate(names):
        legend.append("━━ " if colour else f"{_LETTERS[which]} ", _COLOURS[which])
        legend.append(f"{name}   ", "dim")
    legend.append("\n")
    return legend
