"""Brush of the editor: pointermove to label pixels at 4096 x 4096 with 5,000 instances, in Node."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

FRONTEND = Path(__file__).resolve().parent.parent / "frontend"


def main() -> int:
    """Run frontend/bench/brush.ts, print its table on stderr and its JSON on stdout."""
    npm = shutil.which("npm")
    if npm is None:
        print("npm was not found; run `make bench`, which brings its own.", file=sys.stderr)
        return 1
    done = subprocess.run(
        [npm, "run", "--silent", "bench"], cwd=FRONTEND, stdout=subprocess.PIPE, check=False
    )
    if not done.stdout:
        return done.returncode or 1
    report = json.loads(done.stdout)
    print("radius mode       move p50  move p95 ms  delta p50  op kB", file=sys.stderr)
    for row in report["results"]:
        move, delta = row["move_to_pixels_ms"], row["delta_ms"]["p50"]
        print(
            f"{row['radius']:6} {row['mode']:10} {move['p50']:8.3f} {move['p95']:12.3f} "
            f"{delta:10.2f} {row['op_gzip_bytes']['p50'] / 1000:6.1f}",
            file=sys.stderr,
        )
    print(json.dumps(report, indent=2))
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
