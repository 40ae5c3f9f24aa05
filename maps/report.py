"""A printed report: blocks in reading order, in one language, and what stands on every page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Heading:
    """Begins a chapter (level 1) or a part of it (level 2)."""

    text: str
    level: int = 1


@dataclass(frozen=True)
class Paragraph:
    """Running text; ``strong`` is what no reader may miss."""

    text: str
    strong: bool = False


@dataclass(frozen=True)
class Bullets:
    """Short lines, one thought each."""

    lines: tuple[str, ...]


@dataclass(frozen=True)
class Cards:
    """A few figures that sum it up: the figure, then what it is."""

    cards: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Table:
    """Rows of text under a head.

    Attributes
    ----------
    caption : str
        What the table holds, with its unit.
    head : tuple of str
        Names of the columns.
    rows : tuple of tuple of str
        Cells as they are printed; as many in each row as in the head.
    sums : tuple of int
        Numbers of the rows that add others up.
    words : int
        How many columns, from the first, are words and stand on the left.
    note : str
        A line below.
    """

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    sums: tuple[int, ...] = ()
    words: int = 1
    note: str = ""

    def __post_init__(self) -> None:
        """Refuse a row of another length."""
        wrong = [row for row in self.rows if len(row) != len(self.head)]
        if wrong:
            raise ValueError(f"{len(self.head)} columns, and a row of {len(wrong[0])}: {wrong[0]}")


@dataclass(frozen=True)
class Figure:
    """A picture of 16:9 as SVG, with the name of its file and what it shows."""

    name: str
    svg: str
    caption: str
    width: float = 1.0


Block = Heading | Paragraph | Bullets | Cards | Table | Figure


@dataclass(frozen=True)
class Report:
    """A report in one language.

    Attributes
    ----------
    language : str
        ``en`` or ``zh``.
    title, subtitle : str
        On the cover; the title also heads every page.
    mark : str
        What stands on every page, such as SIMULATED; empty where nothing has to.
    scope : str
        What the numbers are of, on the cover.
    cite : str
        How to cite it: at the foot of every page.
    page_of : str
        Page number, with ``{page}`` and ``{pages}``.
    table_word, figure_word : str
        What stands before the number of a table or a figure.
    """

    language: str
    title: str
    subtitle: str
    mark: str
    scope: str
    cite: str
    page_of: str
    table_word: str
    figure_word: str
    blocks: Sequence[Block] = field(default_factory=tuple)

    @property
    def figures(self) -> list[Figure]:
        """Pictures in their order."""
        return [block for block in self.blocks if isinstance(block, Figure)]

    def numbered(self) -> Iterator[tuple[Block, int]]:
        """Blocks, each table and each figure with its number; 0 for all else."""
        counts = {Table: 0, Figure: 0}
        for block in self.blocks:
            kind = type(block)
            if kind in counts:
                counts[kind] += 1
            yield block, counts.get(kind, 0)
