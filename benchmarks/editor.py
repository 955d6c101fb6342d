"""Measure the editor in a real browser, from few to very many objects and strokes.

Run `python -m benchmarks.editor [--objects 1000 5000 50000] [--strokes 10 1000] [--json FILE]`. For
each number of objects it imports a label image of 4096 x 4096 pixels, opens it in Chromium, moves
and zooms the view, and paints with pointer events, before and after each number of strokes. What a
move costs should depend neither on the objects nor on the strokes. Opening (the median of five) and
memory (before and after the most strokes) are those of a page that no tool records: one that does
makes the page's process keep each answer once more. `--side 50000` measures on a slide, whose
reading takes some minutes.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parent.parent
COLUMNS = {
    "side_px": "side, px",
    "n_objects": "objects",
    "n_strokes": "strokes before",
    "stroke": "stroke",
    "move_p50_ms": "move p50, ms",
    "move_p95_ms": "move p95, ms",
    "end_p50_ms": "end p50, ms",
    "end_p95_ms": "end p95, ms",
    "sent_bytes_p50": "sent p50, bytes",
    "sent_bytes_max": "sent most, bytes",
    "stroke_frame_p95_ms": "frame p95, ms",
}
ONCE = {
    "side_px": "side, px",
    "n_objects": "objects",
    "import_s": "import, s",
    "open_ms": "open to labels, ms",
    "open_page_cpu_ms": "CPU of page",
    "open_site_cpu_ms": "of site, ms",
    "layers_ms": "layers/, ms",
    "far_pan_p95_ms": "far: pan p95",
    "far_zoom_p95_ms": "zoom p95, ms",
    "near_pan_p95_ms": "near: pan p95",
    "near_zoom_p95_ms": "zoom p95, ms",
    "select_last_ms": "select the last, ms",
    "page_mib": "page, MiB",
    "page_painted_mib": "painted, MiB",
}
# What a site that takes whole slides sets.
LIMITS = {
    "CYTOLOOP_MAX_SIDE_PX": "100000",
    "CYTOLOOP_MAX_IMAGE_MIB": "20000",
    "CYTOLOOP_INGEST_TIMEOUT_S": "3600",
}
TARGETS = (
    "Wanted: frames of pan and zoom p95 <= 20 ms, move p95 <= .5 ms, end of a stroke p95 <= 5 ms, "
    "<= 3 kB sent for a normal stroke, open <= 2 s, page <= 600 MiB, import of 50,000 <= 10 s."
)
# As their users and makers report them; not measured here.
PEERS = (
    "Others, as reported: CVAT lags from 300 to 1,000 objects (issues 39, 3875, 4945); Label "
    "Studio's brush freezes the page (7159), and sends 45 to 56 kB of JSON for one nucleus; Piximi "
    "is very slow at 5500 x 5500 (197); napari's brush is choppy above 1,000 px (8590)."
)


def table(rows: list[dict[str, Any]], columns: dict[str, str]) -> list[str]:
    """Return the lines of a table."""
    widths = {name: max(len(title), 9) for name, title in columns.items()}
    lines = ["  ".join(title.rjust(widths[name]) for name, title in columns.items())]
    for row in rows:
        cells = (_shown(row[name]).rjust(widths[name]) for name in columns)
        lines.append("  ".join(cells))
    return lines


def _shown(value: float | str) -> str:
    return f"{value:,.2f}" if isinstance(value, float) else str(value)


def measure(side: int, n_objects: int, strokes: list[int], folder: Path) -> dict[str, Any]:
    """Measure one number of objects in a database and a browser of their own.

    Raises SystemExit with what the measurement said when it did not come to its end.
    """
    out = folder / f"{n_objects}.json"
    # The browser tests know how to make a site over an empty database; this is one more.
    argv = [sys.executable, "-m", "pytest", "-q", "tests/e2e/measure_editor.py"]
    argv += ["--override-ini", "python_files=measure_editor.py"]
    wanted = {"side_px": side, "n_objects": n_objects, "strokes": strokes, "out": str(out)}
    env = {**os.environ, **LIMITS, "CYTOLOOP_MEASURE": json.dumps(wanted)}
    done = subprocess.run(
        argv, cwd=REPOSITORY, env=env, capture_output=True, text=True, check=False
    )
    if not out.exists():
        raise SystemExit(f"{done.stdout[-4000:]}\n{done.stderr[-2000:]}")
    found: dict[str, Any] = json.loads(out.read_text(encoding="utf-8"))
    return found


def plot(rows: list[dict[str, Any]], target: Path) -> None:
    """Draw what strokes cost over the objects, and over the strokes before."""
    from matplotlib.figure import Figure  # comes with stardist

    figure = Figure(figsize=(8, 3), layout="constrained")
    fewest = min(row["n_strokes"] for row in rows)
    most = max(row["n_objects"] for row in rows)
    panels = (
        ("n_objects", [row for row in rows if row["n_strokes"] == fewest]),
        ("n_strokes", [row for row in rows if row["n_objects"] == most]),
    )
    for axes, (name, wanted) in zip(figure.subplots(1, 2, sharey=True), panels, strict=True):
        for kind in sorted({row["stroke"] for row in wanted}):
            found = [row for row in wanted if row["stroke"] == kind]
            at = [max(1, row[name]) for row in found]  # 0 has no place on the axis
            for cost, line in (("move_p95_ms", "-o"), ("end_p95_ms", "--s")):
                axes.plot(at, [row[cost] for row in found], line, label=f"{COLUMNS[cost]}, {kind}")
        axes.set(xscale="log", xlabel=COLUMNS[name])
    figure.axes[0].set(ylabel="ms", ylim=(0, 1.1 * max(row["end_p95_ms"] for row in rows)))
    figure.axes[1].legend(fontsize=7)
    figure.savefig(target)


def main() -> None:
    """Measure everything and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--side", type=int, default=4096, help="of the image, in pixels")
    parser.add_argument("--objects", type=int, nargs="+", default=[1000, 5000, 50_000])
    parser.add_argument("--strokes", type=int, nargs="+", default=[10, 1000])
    parser.add_argument("--json", type=Path, help="also write the numbers to this file")
    parser.add_argument("--plot", type=Path, help="also draw them into this file (PNG, SVG)")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = [measure(given.side, n, given.strokes, Path(folder)) for n in given.objects]
    print("\n".join(table([one["once"] for one in found], ONCE)), end="\n\n")
    rows = [row for one in found for row in one["strokes"]]
    print("\n".join(table(rows, COLUMNS)), end="\n\n")
    print(TARGETS)
    print(PEERS)
    print(f"load {os.getloadavg()[0]:.1f}")
    if given.json:
        given.json.write_text(json.dumps(found, indent=2), encoding="utf-8")
    if given.plot:
        plot(rows, given.plot)


if __name__ == "__main__":
    main()
