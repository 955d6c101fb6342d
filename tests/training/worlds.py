"""A project with drawn images, painted truth and submitted regions, made by the real actions."""

from __future__ import annotations

import hashlib
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from annotations.actions.drafts import accept_draft, store_prediction
from annotations.actions.labels import ensure_annotation_layer
from annotations.actions.regions import open_region, submit_region
from annotations.imaging.pixels import PixelShape, write_pixels
from annotations.imaging.pyramid import plan_levels, write_pyramid
from annotations.models import Coverage, Purpose
from project.storage import put_file, scratch_dir
from project.tile_index import Geometry
from tests.drawing import draw_blobs
from tests.factories import ImageFactory


def stored_image(project, pixels, **fields):
    """Make a ready image row whose canonical pixels are stored.

    Pixels are (H, W), (C, H, W), (C, Z, H, W) or (T, C, Z, H, W).
    """
    full = pixels[None] if pixels.ndim == 2 else pixels
    full = full[:, None] if full.ndim == 3 else full
    full = full[None] if full.ndim == 4 else full
    n_t, n_channels, n_z, height, width = full.shape
    planes = full.reshape(-1, height, width)
    shape = PixelShape(n_t, n_channels, n_z, height, width, str(planes.dtype))
    path = scratch_dir() / f"made-{hashlib.sha256(planes.tobytes()).hexdigest()[:16]}.tif"
    path.unlink(missing_ok=True)
    write_pixels(path, shape, lambda page, row0, row1: planes[page, row0:row1])
    digest = put_file(path)
    path.unlink()
    channels = [{"name": f"{c}", "colour": "#ffffff"} for c in range(n_channels)]
    return ImageFactory(
        project=project,
        height=height,
        width=width,
        n_channels=n_channels,
        n_z=n_z,
        n_t=n_t,
        dtype=str(planes.dtype),
        pixels_digest=digest,
        pyramid_digest=stored_pyramid(full),
        channels=channels,
        **fields,
    )


def stored_pyramid(full):
    """Store the view of (T, C, Z, H, W) pixels, the brightest one white; return the digest."""
    height, width = full.shape[-2:]
    view = (full / max(int(full.max()), 1) * 255).astype(np.uint8)
    planes = view.swapaxes(1, 2).reshape(-1, height, width)  # a channel after the other, per z
    geometry = Geometry(256, tuple(plan_levels(width, height, 256)), len(planes))
    with TemporaryDirectory() as folder:
        path = Path(folder) / "pyramid.tif"
        rows = lambda plane, row0, row1: planes[plane, row0:row1]  # noqa: E731
        write_pyramid(path, geometry, rows, is_rgb=False, scratch=Path(folder))
        return put_file(path)


def paint(user, image, truth, *, z=0, t=0):
    """Write a label image, or a stack of them, into the annotation layer, as if accepted."""
    draft = store_prediction(
        image=image,
        name="by hand",
        label_image=truth.astype(np.uint32),
        scores=np.ones(int(truth.max()), np.float32),
        z=z,
        t=t,
    )
    layer = ensure_annotation_layer(user=user, image=image)
    accept_draft(user=user, layer_id=layer.pk, draft_id=draft.pk)
    # No trace of the draft, so that the labels count as drawn by hand.
    layer.instances.update(source_layer=None, source_instance_id=None)
    draft.delete()
    return layer


def declare(
    user,
    image,
    *,
    box=None,
    purpose=Purpose.TRAINING,
    coverage=Coverage.COMPLETE,
    submit=True,
    z=0,
    t=0,
    depth=1,
):
    """Open a region (the whole image by default) and submit it."""
    region = open_region(
        user=user,
        image_id=image.pk,
        box=box or (0, 0, image.height, image.width),
        purpose=purpose,
        coverage=coverage,
        plane=(t, z),
        depth=depth,
    )
    return submit_region(user=user, region_id=region.pk) if submit else region


def annotated_image(user, project, *, seed=0, side=160, n=8, purpose=Purpose.TRAINING, **fields):
    """Make an image, paint its truth and declare it; return (image, truth)."""
    truth, pixels = draw_blobs(side, side, n=n, radius=(7, 12), seed=seed)
    image = stored_image(project, pixels, **fields)
    paint(user, image, truth)
    declare(user, image, purpose=purpose)
    return image, truth


def draw_stack(n_z=5, side=96, seed=0):
    """Draw upright columns of bright discs; return (truth, pixels), both (Z, side, side).

    Objects are numbered over the whole stack; no two touch in any plane or over each other.
    """
    rng = np.random.default_rng(seed)
    truth = np.zeros((n_z, side, side), np.uint32)
    rows, cols = np.mgrid[:side, :side]
    n = 0
    for row in range(14, side - 13, 24):
        for col in range(14, side - 13, 24):
            n += 1
            z0 = int(rng.integers(0, n_z - 1))
            z1 = int(rng.integers(z0 + 2, n_z + 1))
            radius = float(rng.uniform(6, 9))
            truth[z0:z1, (rows - row) ** 2 + (cols - col) ** 2 < radius**2] = n
    noise = rng.integers(0, 30, truth.shape)
    return truth, np.where(truth > 0, 200, 0).astype(np.uint8) + noise.astype(np.uint8)


def annotated_stack(
    user, project, *, seed=0, n_z=5, z=0, depth=None, purpose=Purpose.TRAINING, **fields
):
    """Make a stack, paint its truth and declare planes of it; return (image, truth)."""
    truth, pixels = draw_stack(n_z, seed=seed)
    image = stored_image(project, pixels[None], **fields)
    paint(user, image, truth)
    declare(user, image, purpose=purpose, z=z, depth=depth or n_z - z)
    return image, truth


def small_world(user, project, *, n_train=2, n_validation=1, n_plain=1):
    """Make training, validation and unannotated images; return them by use."""
    made = {"train": [], "validation": [], "plain": []}
    for i in range(n_train):
        made["train"].append(annotated_image(user, project, seed=i, name=f"train_{i}")[0])
    for i in range(n_validation):
        made["validation"].append(
            annotated_image(
                user,
                project,
                seed=100 + i,
                purpose=Purpose.BLIND_VALIDATION,
                name=f"validation_{i}",
            )[0]
        )
    for i in range(n_plain):
        _, pixels = draw_blobs(160, 160, n=8, radius=(7, 12), seed=200 + i)
        made["plain"].append(stored_image(project, pixels, name=f"plain_{i}"))
    return made


def wait_for(condition, timeout_s=120):
    """Wait until the condition is true and return what it gave."""
    deadline = time.monotonic() + timeout_s
    while not (found := condition()):
        assert time.monotonic() < deadline, f"timeout waiting for {condition}"
        time.sleep(0.05)
    return found
