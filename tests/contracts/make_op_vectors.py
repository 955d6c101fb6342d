"""Write op_vectors.json: what both op codecs must agree on, byte for byte.

python -m tests.contracts.make_op_vectors
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np

from annotations.labels import ops

PATH = Path(__file__).with_name("op_vectors.json")
BIG = (1 << 32) - 1


def runs(*rows):
    """Return Runs from (start, length, old, new) rows."""
    table = np.array(rows, np.int64).reshape(-1, 4)
    return ops.Runs(*(table[:, column].copy() for column in range(4)))


def vector(name, op, before=None, *, size=(1024, 1536)):
    """Return one case: the op, the chunks before, and all that applying it gives."""
    height, width = size
    chunks = {}
    filled = {}
    for place in sorted(set(op) | set(before or {})):
        chunk = np.zeros((512, 512), np.uint32)
        filled[place] = (before or {}).get(place, [])
        for start, length, label in filled[place]:
            chunk.reshape(-1)[start : start + length] = label
        chunks[place] = chunk
    shas_before = {place: sha(chunk) for place, chunk in chunks.items()}
    applied = ops.apply(op, chunks, height=height, width=width)
    return {
        "name": name,
        "height": height,
        "width": width,
        "op": ops.encode(op).hex(),
        "runs": [[cy, cx, rows_of(op[cy, cx])] for cy, cx in sorted(op)],
        "before": [
            {"cy": cy, "cx": cx, "fill": filled[cy, cx], "sha256": shas_before[cy, cx]}
            for cy, cx in sorted(chunks)
        ],
        "after": [{"cy": cy, "cx": cx, "sha256": sha(chunks[cy, cx])} for cy, cx in sorted(chunks)],
        "accepted": ops.encode(applied.op).hex(),
        "inverse": ops.encode(ops.invert(applied.op)).hex(),
        "n_pixels": applied.n_pixels,
        "n_refused": applied.n_refused,
        "changes": {
            str(label): {"area": change.area_px, "box": change.box and list(change.box)}
            for label, change in ops.changes(applied.op).items()
        },
    }


def rows_of(part):
    return np.stack([part.start, part.length, part.old, part.new], 1).tolist()


def sha(chunk):
    return hashlib.sha256(chunk.astype("<u4").tobytes()).hexdigest()


def disk(row, col, radius, old, new):
    """Return the runs of a disk, one per row."""
    rows = []
    for r in range(row - radius, row + radius + 1):
        half = int((radius**2 - (r - row) ** 2) ** 0.5)
        rows.append((r * 512 + col - half, 2 * half + 1, old, new))
    return rows


def vectors():
    stripes = [(start, 1, 0, 1 + start % 3) for start in range(0, 600, 2)]
    return [
        vector("empty op", {}),
        vector("one pixel", {(0, 0): runs((0, 1, 0, 1))}),
        vector("last pixel of a chunk", {(1, 2): runs((512 * 512 - 1, 1, 0, 5))}),
        vector("full chunk in one run", {(0, 1): runs((0, 512 * 512, 0, 9))}),
        vector(
            "full chunk taken back",
            {(0, 1): runs((0, 512 * 512, 9, 0))},
            {(0, 1): [[0, 512 * 512, 9]]},
        ),
        vector("a disk", {(0, 0): runs(*disk(100, 200, 20, 0, 7))}),
        vector(
            "four chunks at a corner",
            {
                (0, 0): runs((511 * 512 + 511, 1, 0, 3)),
                (0, 1): runs((511 * 512, 1, 0, 3)),
                (1, 0): runs((511, 1, 0, 3)),
                (1, 1): runs((0, 1, 0, 3)),
            },
        ),
        vector("a run over a row's end", {(0, 0): runs((500, 30, 0, 2))}),
        vector(
            "neighbouring runs without a skip",
            {(0, 0): runs((10, 5, 0, 2), (15, 5, 4, 2), (20, 1, 0, 2))},
            {(0, 0): [[15, 5, 4]]},
        ),
        vector(
            "labels above 2^28",
            {(1, 1): runs((77, 3, 0, (1 << 28) + 1), (90, 2, BIG, 1 << 31))},
            {(1, 1): [[90, 2, BIG]]},
        ),
        vector("many short runs", {(0, 0): runs(*stripes)}),
        vector(
            "some pixels refused",
            {(0, 0): runs((100, 50, 0, 6), (400, 20, 3, 6))},
            {(0, 0): [[110, 10, 2], [125, 1, 8], [400, 10, 3], [410, 10, 4]]},
        ),
        vector(
            "all pixels refused",
            {(0, 0): runs((100, 50, 3, 6))},
            {(0, 0): [[100, 50, 6]]},
        ),
        vector(
            "refused outside the image",
            {(1, 2): runs((0, 512 * 3, 0, 4))},
            size=(514, 1034),
        ),
        vector(
            "merge: one label into another",
            {(0, 0): runs(*disk(60, 60, 9, 11, 12))},
            {(0, 0): [[start, n, 11] for start, n, _, _ in disk(60, 60, 9, 11, 12)]},
        ),
    ]


def invalid():
    """Return byte strings that a decoder must refuse with an error of its own."""
    return {
        "nothing": "",
        "another version": "020000",
        "number cut off": "0180",
        "number longer than needed": "01800000",
        "number of six bytes": "01808080808001",
        "ends after the version": "01",
        "table too short": "010500",
        "label above 32 bits": "01020080808080100000",
        "label twice in the table": "0102070700",
        "chunk twice": "0102000102" + "000001000101" * 2,
        "empty run": "010200010100000100" + "0001",
        "run leaves the chunk": "0102000101000001" + "80801001" + "01",
        "label not in the table": "0102000101000001" + "000104",
        "label into itself": "0102000101000001" + "000100",
        "fewer runs than told": "0102000101000002" + "000101",
        "something after the end": "010000" + "00",
    }


def content():
    return {
        "about": "Label ops, version 1, before gzip. runs: [cy, cx, [[start, length, old, new]…]]; "
        "before.fill: [start, length, label] painted on background in this order; sha256 is of "
        "the chunk's little-endian uint32 bytes; op, accepted and inverse are canonical.",
        "vectors": vectors(),
        "invalid": [{"name": name, "op": op} for name, op in invalid().items()],
    }


def text():
    return json.dumps(content(), indent=None, separators=(",", ":"), ensure_ascii=False) + "\n"


if __name__ == "__main__":
    PATH.write_text(text(), encoding="utf-8")
