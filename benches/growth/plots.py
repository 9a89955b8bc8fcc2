"""The curves as one picture, a panel for each thing that grows."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benches.growth.report import all_curves

__all__ = ["draw"]

_COLUMNS: Final = 3
_PANEL: Final = (5.2, 3.8)

Record = Mapping[str, Any]


def _curve(axes: Axes, group: Record) -> None:
    for name, its in group["series"].items():
        seconds = [nanoseconds / 1e9 for nanoseconds in its["nanoseconds"]]
        axes.loglog(its["n"], seconds, marker="o", markersize=3, label=name)
    axes.set(title=group["title"], xlabel=group["axis"], ylabel="seconds")
    axes.legend(fontsize=7)


def _memory(axes: Axes, found: Sequence[Record]) -> None:
    # A few tokens fit into pages that the process has already.
    found = [one for one in found if one["resident"]]
    tokens = [one["tokens"] for one in found]
    for name in ("counted", "resident"):
        axes.loglog(tokens, [one[name] for one in found], marker="o", markersize=3, label=name)
    axes.set(title="memory of cached tokens", xlabel="tokens", ylabel="bytes")
    axes.legend(fontsize=7)


def _hits(axes: Axes, found: Sequence[Record]) -> None:
    kinds = dict.fromkeys((one["popularity"], one["max_bytes"]) for one in found)
    for kind in kinds:
        its = [one for one in found if (one["popularity"], one["max_bytes"]) == kind]
        name, size = kind
        users, rates = [one["users"] for one in its], [one["hit_rate"] for one in its]
        style = "-" if name == "zipf" else "--"
        axes.semilogx(
            users, rates, style, marker="o", markersize=3, label=f"{name}, {size >> 20} MiB"
        )
    axes.set(title="hit rate of one worker's cache", xlabel="users", ylim=(0, 1.05))
    axes.legend(fontsize=7)


def _workers(axes: Axes, found: Sequence[Record]) -> None:
    for one in found:
        ratio = [1, one["two"] / one["one"]]
        axes.plot([1, 2], ratio, marker="o", markersize=3, label=one["kind"])
    axes.set(title="processes, one a core", xlabel="processes", ylabel="times one", xticks=(1, 2))
    axes.set_ylim(0, 2.2)
    axes.legend(fontsize=7)


def draw(content: Record, directory: Path) -> Path:
    """Write `growth.png`; its path."""
    mpl.use("agg")
    panels: list[Callable[[Axes], None]] = [
        partial(_curve, group=group) for group in all_curves(content)
    ]
    beside = {"held": _memory, "hits": _hits, "workers": _workers}
    panels += [
        partial(panel, found=content[name]) for name, panel in beside.items() if name in content
    ]
    lines = -(-len(panels) // _COLUMNS)
    width, height = _PANEL
    figure = Figure(figsize=(width * _COLUMNS, height * lines), layout="constrained")
    for number, draw_on in enumerate(panels, 1):
        draw_on(figure.add_subplot(lines, _COLUMNS, number))
    path = directory / "growth.png"
    directory.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=90)
    return path
