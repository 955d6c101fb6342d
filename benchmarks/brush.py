"""Measure the brush in a real browser: pointermove to label pixels, and the time of a frame.

Run `python -m benchmarks.brush [--json FILE]`: it makes a 4096 x 4096 image with 5,000 objects in a
database of its own, serves it, paints with real mouse events in Chromium, and prints a table.
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


def rows_of(result: dict[str, Any]) -> list[str]:
    """Return the lines of the table."""
    head = f"{'radius':>8} {'move p50':>9} {'move p95':>9} {'frame p50':>10} {'fps':>6}"
    return [head, *(row_of(row) for row in result["brush"])]


def row_of(row: dict[str, float]) -> str:
    """Return one line of the table."""
    return (
        f"{row['radius_px']:>5} px {row['move_p50_ms']:>6.2f} ms {row['move_p95_ms']:>6.2f} ms "
        f"{row['frame_p50_ms']:>7.1f} ms {row['fps']:>6.1f}"
    )


def main() -> int:
    """Run the measurement in pytest's own database and print what it found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="also write the numbers to this file")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "brush.json"
        # The browser tests know how to make a site over an empty database; this is one more.
        argv = [sys.executable, "-m", "pytest", "-q", "tests/e2e/measure_brush.py"]
        argv += ["--override-ini", "python_files=measure_brush.py"]
        env = {**os.environ, "CYTOLOOP_BRUSH_OUT": str(out)}
        done = subprocess.run(
            argv, cwd=REPOSITORY, env=env, capture_output=True, text=True, check=False
        )
        if not out.exists():
            print(done.stdout[-4000:], done.stderr[-2000:], sep="\n", file=sys.stderr)
            return 1
        result = json.loads(out.read_text(encoding="utf-8"))
    print("\n".join(rows_of(result)))
    print("targets: move p95 <= 1 ms, >= 55 fps")
    print(json.dumps(result))
    if arguments.json:
        arguments.json.write_text(json.dumps(result, indent=2), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
