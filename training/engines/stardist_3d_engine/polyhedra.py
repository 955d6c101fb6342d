"""Star-shaped volumes: their rays, what of them is kept, and their label image.

Upstream compares and draws volumes voxel by voxel, face by face (stardist 0.9.2, nms.py and
geometry/geom3d.py), which takes minutes for a stack with hundreds of objects. The middles of all
candidates are voxels, so that the offset from a middle to a voxel is one of few: in which cone of
three rays each offset lies, and where in it, is found once. A voxel then is inside a volume when

    a / distance of the first ray + b / distance of the second + c / that of the third <= 1,

where a, b, c are the offset's coordinates along the three rays.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from stardist.geometry import polyhedron_to_label
from stardist.nms import non_maximum_suppression_3d_sparse
from stardist.rays3d import Rays_GoldenSpiral

from project.errors import CheckpointCorrupt
from training.engines.stardist_engine.drawing import compiled
from training.engines.stardist_engine.instances import Outlines, Shapes

Rays: TypeAlias = Any  # stardist has no types
Floats: TypeAlias = NDArray[np.float64]

MOST_OFFSETS = 6_000_000  # 170 MB; for larger volumes upstream's way is taken
INSIDE = 1 + 1e-6  # a voxel on a face is inside
NEAR = 1e-9  # of a cone's border


def rays_of(net: dict[str, Any]) -> Rays:
    """Return a network's rays; raises CheckpointCorrupt."""
    try:
        given = net["rays_json"]["kwargs"]
        anisotropy = given["anisotropy"]
        return Rays_GoldenSpiral(int(given["n"]), None if anisotropy is None else tuple(anisotropy))
    except (KeyError, TypeError, ValueError) as error:
        raise CheckpointCorrupt("The stored description of the network is not valid.") from error


def shapes_of(rays: Rays) -> Shapes:
    """Return what is done with volumes of these rays."""
    return Shapes(partial(survivors, rays), partial(drawn, rays))


@dataclass(frozen=True, slots=True)
class Solids:
    """Volumes whose middles are voxels, as the compiled functions take them.

    Attributes
    ----------
    points : ndarray of int64, shape (n, 3)
    nearness : ndarray of float64, shape (n, n_rays)
        1 by the distances.
    low, high : ndarray of int64, shape (n, 3)
        The boxes that the volumes lie in, from their middles, ends included.
    size : ndarray of float64, shape (n,)
        In voxels.
    reach : ndarray of int64, shape (3,)
        No box reaches farther.
    cones : ndarray of int64, shape (n_offsets, 3)
        The rays of each offset within the reach, C order.
    shares : ndarray of float64, shape (n_offsets, 3)
        Its coordinates along them.
    """

    points: NDArray[np.int64]
    nearness: Floats
    low: NDArray[np.int64]
    high: NDArray[np.int64]
    size: Floats
    reach: NDArray[np.int64]
    cones: NDArray[np.int64]
    shares: Floats


def solids_of(rays: Rays, found: Outlines) -> Solids | None:
    """Prepare volumes; None where they are too large or their middles are no voxels."""
    points = np.round(found.points).astype(np.int64)
    if not (points == found.points).all():
        return None
    vertices, faces = rays.vertices.astype(np.float64), rays.faces.astype(np.int64)
    spanned = np.linalg.det(vertices[faces])
    dist = found.dist.astype(np.float64)
    low, high, size = _boxes_and_sizes(dist, vertices, faces, np.abs(spanned) / 6)
    reach = np.maximum(-low, high).max(axis=0)
    if np.prod(2 * reach + 1) > MOST_OFFSETS:
        return None
    useful = faces[np.abs(spanned) > NEAR]  # flat ones span no cone
    inverses = np.linalg.inv(vertices[useful].transpose(0, 2, 1))
    cones, shares = _cones(reach, useful, np.ascontiguousarray(inverses))
    return Solids(points, 1 / dist, low, high, size, reach, cones, shares)


@compiled
def _boxes_and_sizes(
    dist: Floats, vertices: Floats, faces: NDArray[np.int64], shares: Floats
) -> tuple[NDArray[np.int64], NDArray[np.int64], Floats]:
    """Return the boxes of volumes around their middles, and their sizes in voxels.

    `shares` is what a face adds to the size where its three distances are 1.
    """
    n = len(dist)
    low, high, size = np.zeros((n, 3), np.int64), np.zeros((n, 3), np.int64), np.zeros(n)
    for i in range(n):
        for ray in range(len(vertices)):
            for axis in range(3):
                corner = dist[i, ray] * vertices[ray, axis]
                low[i, axis] = min(low[i, axis], int(np.floor(corner)))
                high[i, axis] = max(high[i, axis], int(np.ceil(corner)))
        for face in range(len(faces)):
            a, b, c = faces[face]
            size[i] += shares[face] * dist[i, a] * dist[i, b] * dist[i, c]
    return low, high, size


@compiled
def _cones(
    reach: NDArray[np.int64], faces: NDArray[np.int64], inverses: Floats
) -> tuple[NDArray[np.int64], Floats]:
    """Find the cone of every offset, and its coordinates there."""
    sides = 2 * reach + 1
    n_offsets = sides[0] * sides[1] * sides[2]
    cones, shares = np.zeros((n_offsets, 3), np.int64), np.zeros((n_offsets, 3))
    before = 0
    for number in range(n_offsets):
        z = number // (sides[1] * sides[2]) - reach[0]
        y = number // sides[2] % sides[1] - reach[1]
        x = number % sides[2] - reach[2]
        best, best_least = before, -np.inf
        for step in range(len(faces)):
            face = (before + step) % len(faces)  # neighbours mostly lie in the same one
            m = inverses[face]
            least = np.inf
            for k in range(3):
                least = min(least, m[k, 0] * z + m[k, 1] * y + m[k, 2] * x)
            if least > best_least:
                best, best_least = face, least
                if least >= -NEAR:
                    break
        m = inverses[best]
        for k in range(3):
            cones[number, k] = faces[best, k]
            shares[number, k] = m[k, 0] * z + m[k, 1] * y + m[k, 2] * x
        before = best
    return cones, shares


def survivors(rays: Rays, found: Outlines, nms_threshold: float) -> NDArray[np.int64]:
    """Return which volumes overlap no more probable one, the most probable first.

    Parameters
    ----------
    rays : Rays
    found : Outlines
    nms_threshold : float
        Of the voxels in both by the size of the smaller one.

    Returns
    -------
    ndarray of int64
    """
    if not len(found.prob):
        return np.zeros(0, np.int64)
    solids = solids_of(rays, found)
    if solids is None:
        *_, which = non_maximum_suppression_3d_sparse(
            found.dist, found.prob, found.points, rays, nms_thresh=nms_threshold
        )
        return np.asarray(which, np.int64)
    order = np.argsort(found.prob)[::-1]
    # Upstream sorts twice, which decides between volumes that are equally probable.
    twice = order[np.argsort(found.prob[order])[::-1]]
    is_kept = np.zeros(len(order), np.bool_)
    is_kept[twice] = _kept(
        solids.points[twice], solids.nearness[twice], solids.low[twice], solids.high[twice],
        solids.size[twice], solids.reach, solids.cones, solids.shares, nms_threshold,
    )  # fmt: skip
    result: NDArray[np.int64] = order[is_kept[order]]
    return result


@compiled
def _kept(  # noqa: PLR0913 (compiled functions take arrays only)
    points: NDArray[np.int64],
    nearness: Floats,
    low: NDArray[np.int64],
    high: NDArray[np.int64],
    size: Floats,
    reach: NDArray[np.int64],
    cones: NDArray[np.int64],
    shares: Floats,
    threshold: float,
) -> NDArray[np.bool_]:
    """Tell which volumes stay, of some that are sorted by their probability."""
    is_kept = np.ones(len(points), np.bool_)
    for i in range(len(points)):
        if not is_kept[i]:
            continue
        mask = _mask(nearness[i], low[i], high[i], reach, cones, shares)
        start = points[i] + low[i]
        for j in range(i + 1, len(points)):
            if not is_kept[j]:
                continue
            first = np.maximum(start, points[j] + low[j])
            last = np.minimum(points[i] + high[i], points[j] + high[j])
            n_common = 1
            for axis in range(3):
                n_common *= max(0, last[axis] - first[axis] + 1)
            enough = threshold * (min(size[i], size[j]) + 1e-10)
            if n_common > enough:
                is_kept[j] = not _overlap(
                    mask, start, first, last, points[j], nearness[j], reach, cones, shares, enough
                )
    return is_kept


@compiled
def _mask(
    nearness: Floats,
    low: NDArray[np.int64],
    high: NDArray[np.int64],
    reach: NDArray[np.int64],
    cones: NDArray[np.int64],
    shares: Floats,
) -> NDArray[np.bool_]:
    """Return which voxels of its box a volume holds."""
    mask = np.zeros((high[0] - low[0] + 1, high[1] - low[1] + 1, high[2] - low[2] + 1), np.bool_)
    for z in range(low[0], high[0] + 1):
        for y in range(low[1], high[1] + 1):
            row = ((z + reach[0]) * (2 * reach[1] + 1) + y + reach[1]) * (2 * reach[2] + 1)
            for x in range(low[2], high[2] + 1):
                at = row + x + reach[2]
                inside = shares[at, 0] * nearness[cones[at, 0]]
                inside += shares[at, 1] * nearness[cones[at, 1]]
                inside += shares[at, 2] * nearness[cones[at, 2]]
                mask[z - low[0], y - low[1], x - low[2]] = inside <= INSIDE
    return mask


@compiled
def _overlap(  # noqa: PLR0913 (compiled functions take arrays only)
    mask: NDArray[np.bool_],
    start: NDArray[np.int64],
    first: NDArray[np.int64],
    last: NDArray[np.int64],
    point: NDArray[np.int64],
    nearness: Floats,
    reach: NDArray[np.int64],
    cones: NDArray[np.int64],
    shares: Floats,
    enough: float,
) -> bool:
    """Tell whether a volume shares more than enough voxels with one whose mask is at hand."""
    n_shared = 0
    for z in range(first[0], last[0] + 1):
        for y in range(first[1], last[1] + 1):
            row = ((z - point[0] + reach[0]) * (2 * reach[1] + 1) + y - point[1] + reach[1]) * (
                2 * reach[2] + 1
            )
            for x in range(first[2], last[2] + 1):
                if not mask[z - start[0], y - start[1], x - start[2]]:
                    continue
                at = row + x - point[2] + reach[2]
                inside = shares[at, 0] * nearness[cones[at, 0]]
                inside += shares[at, 1] * nearness[cones[at, 1]]
                inside += shares[at, 2] * nearness[cones[at, 2]]
                n_shared += inside <= INSIDE
        if n_shared > enough:
            return True
    return False


def drawn(rays: Rays, found: Outlines, shape: Sequence[int]) -> NDArray[np.int32]:
    """Return the label image of volumes, shape (Z, H, W).

    Id i is the volume i - 1; the more probable is on top.
    """
    sides = tuple(shape[:3])
    labels: NDArray[np.int32] = np.zeros(sides, np.int32)
    if not len(found.prob):
        return labels
    solids = solids_of(rays, found)
    if solids is None:
        upstream = polyhedron_to_label(
            found.dist, found.points, rays, sides, prob=found.prob, verbose=False
        )
        return np.asarray(upstream).astype(np.int32)
    order = np.argsort(found.prob)[::-1]
    _draw(
        labels, order, solids.points, solids.nearness, solids.low, solids.high,
        solids.reach, solids.cones, solids.shares,
    )  # fmt: skip
    return labels


@compiled
def _draw(  # noqa: PLR0913 (compiled functions take arrays only)
    labels: NDArray[np.int32],
    order: NDArray[np.int64],
    points: NDArray[np.int64],
    nearness: Floats,
    low: NDArray[np.int64],
    high: NDArray[np.int64],
    reach: NDArray[np.int64],
    cones: NDArray[np.int64],
    shares: Floats,
) -> None:
    for i in order:
        mask = _mask(nearness[i], low[i], high[i], reach, cones, shares)
        for z in range(mask.shape[0]):
            plane = z + points[i, 0] + low[i, 0]
            if not 0 <= plane < labels.shape[0]:
                continue
            for y in range(mask.shape[1]):
                row = y + points[i, 1] + low[i, 1]
                if not 0 <= row < labels.shape[1]:
                    continue
                for x in range(mask.shape[2]):
                    col = x + points[i, 2] + low[i, 2]
                    if not 0 <= col < labels.shape[2]:
                        continue
                    if mask[z, y, x] and labels[plane, row, col] == 0:
                        labels[plane, row, col] = i + 1
