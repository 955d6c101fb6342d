"""A simulated annotator: knows the truth, works through the REST API only, counts what it does."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from typing import Any

import numpy as np
import zstandard
from numpy.typing import NDArray

from annotations.labels import chunks, ops
from benchmarks.rest_client import Client
from training.metrics import matching

LabelImage = NDArray[np.uint32]
GOOD_IOU = 0.75  # a draft instance as good as this is accepted untouched
# What a practised person is assumed to need for one object, to paint it and to decide on it.
DRAW_S, ACCEPT_S, REJECT_S = 6.0, 1.0, 1.0


@dataclass(slots=True)
class Effort:
    """What the annotator did."""

    n_accepted: int = 0
    n_drawn: int = 0
    n_rejected: int = 0
    believed_s: float = 0.0  # the seconds that the site took down

    @property
    def simulated_s(self) -> float:
        """Return the seconds that a person would have worked."""
        return DRAW_S * self.n_drawn + ACCEPT_S * self.n_accepted + REJECT_S * self.n_rejected

    def __add__(self, other: Effort) -> Effort:
        return Effort(
            self.n_accepted + other.n_accepted,
            self.n_drawn + other.n_drawn,
            self.n_rejected + other.n_rejected,
            self.believed_s + other.believed_s,
        )


class Annotator:
    """Paints the truth into one image's annotation layer, stroke by stroke."""

    def __init__(self, client: Client, image: str) -> None:
        self.client = client
        self.image = image
        self.session = str(uuid.uuid4())
        self.n = 0
        self.layer = next(row for row in self.layers() if row["kind"] == "annotation")

    def layers(self) -> list[dict[str, Any]]:
        """Return the layers of the image."""
        rows: list[dict[str, Any]] = self.client.get(f"/api/v1/images/{self.image}/layers/")
        return rows

    def draw_all(self, truth: LabelImage) -> Effort:
        """Draw every instance of the truth on an empty layer."""
        return self.told(Effort(n_drawn=self.draw(truth, instances_of(truth))))

    def correct(self, truth: LabelImage, draft: dict[str, Any]) -> Effort:
        """Accept the good instances of a draft, reject the others and draw what is missing."""
        shown = self.read(draft)
        pairs = matching.overlap(truth, shown)
        good = matching.matched_pairs(pairs, GOOD_IOU)
        accepted = [int(i) for i in pairs.prediction_ids[pairs.prediction[good]]]
        found = {int(i) for i in pairs.truth_ids[pairs.truth[good]]}
        wrong = sorted(set(instances_of(shown)) - set(accepted))
        if accepted:
            self.client.post(
                f"/api/v1/layers/{self.layer['id']}/accept/",
                {"draft": draft["id"], "instance_ids": accepted, "preserve": "pixels"},
            )
        if wrong:
            self.client.post(
                f"/api/v1/layers/{draft['id']}/instances/decide/",
                {"instance_ids": wrong, "state": "rejected"},
            )
        missing = [i for i in instances_of(truth) if i not in found]
        return self.told(Effort(len(accepted), self.draw(truth, missing), len(wrong)))

    def told(self, effort: Effort) -> Effort:
        """Tell the site how long a person would have worked, as the editor does.

        It believes at most a minute here: nobody can have worked for longer than the tab is open.
        """
        body = {"session": self.session, "n": 1, "active_s": effort.simulated_s}
        answer = self.client.post(f"/api/v1/images/{self.image}/activity/", body)
        effort.believed_s = answer["active_s"]
        return effort

    def declare(self, shape: tuple[int, int], purpose: str) -> None:
        """Declare the whole image completely annotated and submit it."""
        region = self.client.post(
            f"/api/v1/images/{self.image}/regions/",
            {
                "row0": 0,
                "col0": 0,
                "row1": shape[0],
                "col1": shape[1],
                "coverage": "complete",
                "purpose": purpose,
            },
        )
        self.client.post(f"/api/v1/regions/{region['id']}/submit/", {})

    def draw(self, truth: LabelImage, instance_ids: list[int]) -> int:
        """Draw instances of the truth, one op each, over whatever background is left."""
        if not instance_ids:
            return 0
        block = self.client.post(
            f"/api/v1/layers/{self.layer['id']}/ids/", {"count": len(instance_ids)}
        )
        now = self.read(self.layer)
        bodies = []
        for place, instance_id in enumerate(instance_ids):
            after = now.copy()
            after[(truth == instance_id) & (now == 0)] = block["first"] + place
            bodies.append(body_between(now, after))
            now = after
        self.send(bodies)
        return len(bodies)

    def send(self, bodies: list[bytes]) -> None:
        """Send ops in their order; a refused pixel would be a defect here."""
        for start in range(0, len(bodies), 32):
            batch = bodies[start : start + 32]
            heads = []
            for body in batch:
                self.n += 1
                heads.append(
                    {"n": self.n, "kind": "brush", "t": 0, "z": 0, "size": len(body), "meta": {}}
                )
            header = json.dumps({"session": self.session, "ops": heads}).encode()
            framed = len(header).to_bytes(4, "little") + header + b"".join(batch)
            path = f"/api/v1/layers/{self.layer['id']}/ops/"
            _, raw = self.client.send("POST", path, framed, "application/vnd.cytoloop.ops")
            refused = [row for row in json.loads(raw)["results"] if row["n_refused"]]
            if refused:
                raise RuntimeError(f"The site refused pixels nobody else touched: {refused[0]}")

    def read(self, layer: dict[str, Any]) -> LabelImage:
        """Return a layer as a label image."""
        info = self.client.get(f"/api/v1/layers/{layer['id']}/")
        listed = self.client.get(f"/api/v1/layers/{layer['id']}/chunks/?t=0&z=0")
        held = {}
        for cy, cx, digest in listed["chunks"]:
            path = f"/api/v1/layers/{layer['id']}/chunks/{digest}/"
            headers, raw = self.client.send("GET", path, headers={"Accept-Encoding": "zstd"})
            if headers.get("Content-Encoding") == "zstd":
                raw = zstandard.ZstdDecompressor().decompress(raw)
            held[cy, cx] = np.frombuffer(raw, "<u4").reshape(ops.SIDE, ops.SIDE)
        return chunks.join(held, (0, 0, info["height"], info["width"]))


def instances_of(label_image: LabelImage) -> list[int]:
    """Return the ids in a label image."""
    return [int(i) for i in np.unique(label_image) if i]


def body_between(before: LabelImage, after: LabelImage) -> bytes:
    """Return the packed op that turns one label image into another."""
    height, width = before.shape
    op = {}
    for place in chunks.places((0, 0, height, width)):
        box = (
            place[0] * ops.SIDE,
            place[1] * ops.SIDE,
            (place[0] + 1) * ops.SIDE,
            (place[1] + 1) * ops.SIDE,
        )
        runs = ops.between(chunk_of(before, box), chunk_of(after, box))
        if len(runs):
            op[place] = runs
    return ops.pack(ops.encode(op))


def chunk_of(label_image: LabelImage, box: tuple[int, int, int, int]) -> LabelImage:
    """Cut one chunk out of a label image, padded with background."""
    part = label_image[box[0] : box[2], box[1] : box[3]]
    chunk = chunks.empty()
    chunk[: part.shape[0], : part.shape[1]] = part
    return chunk
