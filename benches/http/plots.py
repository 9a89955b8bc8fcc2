"""The results as two pictures: answers a second, and how long one in a hundred waits."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from matplotlib.axes import Axes
from matplotlib.figure import Figure

__all__ = ["draw"]

_COLOURS: Final = {"ours": "#1b6ca8", "ceiling": "#9aa5b1", "limit": "#c9ced6", "peer": "#d9822b"}
_PANEL: Final = (6.4, 3.4)
_TITLES: Final = {
    "warm": "one hot token",
    "zipf": "100,000 tokens, Zipf",
    "new": "every token new",
    "connections": "new connections",
    "nginx": "through NGINX",
    "openloop": "constant rate, half of saturation",
}

Record = Mapping[str, Any]


def _panels(rows: Sequence[Record]) -> dict[str, list[Record]]:
    """The rows of each panel: of the algorithm that all have, with 64 connections where they did.

    New tokens are shown with the two algorithms that the targets speak of; the table has the rest.
    """
    found: dict[str, list[Record]] = {}
    for row in rows:
        title = _TITLES.get(row["group"])
        of_group = [other for other in rows if other["group"] == row["group"]]
        algorithms = {of_group[0]["algorithm"]}
        if row["group"] == "new":
            algorithms |= {"RS256", "ES256"}
        counts = sorted({other["connections"] for other in of_group})
        middle = row["connections"] == counts[len(counts) // 2]
        if title and middle and row["algorithm"] in algorithms:
            whole = f"{title}, {row['algorithm']}, {row['connections']} connections"
            found.setdefault(whole, []).append(row)
    return found


def _bars(axes: Axes, title: str, rows: Sequence[Record], value: Callable[[Record], float]) -> None:
    """One bar for each; who was wrong has none, and it says so."""
    bars = [
        (value(row) if row["rate"] else 0.0, row["contender"], _COLOURS[row["role"]])
        for row in rows
    ]
    values, names, colours = zip(*sorted(bars), strict=True)
    labels = [_figure(one) if one else "wrong" for one in values]
    axes.bar_label(axes.barh(names, values, color=colours), labels, padding=3)
    axes.set_title(title, fontsize=10)
    axes.margins(x=0.15)
    axes.spines[["top", "right"]].set_visible(False)


def _figure(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.2f}"


def _picture(
    panels: Mapping[str, Sequence[Record]], heading: str, value: Callable[[Record], float]
) -> Figure:
    columns = min(2, len(panels))
    lines = -(-len(panels) // columns)
    width, height = _PANEL
    figure = Figure(figsize=(width * columns, height * lines), layout="constrained")
    figure.suptitle(heading)
    for number, (title, rows) in enumerate(panels.items(), 1):
        _bars(figure.add_subplot(lines, columns, number), title, rows, value)
    return figure


def draw(rows: Sequence[Record], directory: Path) -> list[Path]:
    """Write `http.png` and `http-p99.png`; their paths, none where there is nothing to show."""
    panels = _panels(rows)
    closed = {title: its for title, its in panels.items() if its[0]["group"] != "openloop"}
    waits = {
        title: its for title, its in panels.items() if its[0]["group"] in {"nginx", "openloop"}
    }
    pictures = (
        (closed, "http.png", "answers a second, one core", lambda row: float(row["rate"])),
        (waits, "http-p99.png", "p99 in ms", lambda row: float(row["p99"]) * 1e3),
    )
    written = []
    for chosen, name, heading, value in pictures:
        if chosen:
            _picture(chosen, heading, value).savefig(directory / name, dpi=110)
            written.append(directory / name)
    return written
