"""Tables as text, from rows of cells, the first of them the head."""

from collections.abc import Iterator, Sequence
from typing import TypeAlias

__all__ = ["Table", "aligned", "pipes"]

Table: TypeAlias = Sequence[Sequence[str]]


def aligned(table: Table) -> Iterator[str]:
    """Lines for a terminal, the columns one below the other."""
    widths = [max(len(row[column]) for row in table) for column in range(len(table[0]))]
    for row in table:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def pipes(table: Table) -> Iterator[str]:
    """Lines of a Markdown table."""
    head, *body = table
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    for row in body:
        yield f"| {' | '.join(row)} |"
