"""Which images teach and which judge: never two crops of one image on both sides."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

TRAIN, VALIDATION = "train", "validation"


@dataclass(frozen=True, slots=True)
class Candidate:
    """An annotated image as the split sees it.

    Attributes
    ----------
    image_id : str
    group : str
        Slide, patient, well: what must stay together; empty when the image stands alone.
    has_training, has_blind : bool
        Whether it has regions for training, and regions drawn blind for validation.
    """

    image_id: str
    group: str = ""
    has_training: bool = True
    has_blind: bool = False


@dataclass(frozen=True, slots=True)
class Split:
    """The outcome.

    Attributes
    ----------
    of : dict of str to str
        "train" or "validation" by image id.
    left_out : tuple of str
        Images whose training regions do not teach, as the image or its group judges.
    """

    of: dict[str, str]
    left_out: tuple[str, ...] = field(default=())


def split_images(
    candidates: Sequence[Candidate], *, seed: int = 0, validation_share: float = 0.0
) -> Split:
    """Assign every image to training or validation, groups undivided.

    Parameters
    ----------
    candidates : sequence of Candidate
    seed : int
        Decides which groups are drawn when there is no blind region.
    validation_share : float
        Share of groups drawn for validation when nothing was annotated blind; never all.

    Returns
    -------
    Split

    Notes
    -----
    A group with a blind region judges, all of it: tiles of one slide on both sides inflate
    scores by up to 41 % [1]_. The draw orders groups by a keyed hash, so an image that is added
    later does not move the others.

    References
    ----------
    .. [1] Bussola et al., "AI slipping on tiles", ICPR 2020, doi:10.1007/978-3-030-68763-2_13
    """
    group_of = {each.image_id: each.group or f"image {each.image_id}" for each in candidates}
    judging = {group_of[each.image_id] for each in candidates if each.has_blind}
    teaching = {group_of[each.image_id] for each in candidates if each.has_training} - judging
    if not judging and validation_share > 0:
        n_drawn = min(round(validation_share * len(teaching)), len(teaching) - 1)
        judging = set(sorted(teaching, key=lambda group: _draw(seed, group))[: max(0, n_drawn)])
        left_out: tuple[str, ...] = ()
    else:
        left_out = tuple(
            each.image_id
            for each in candidates
            if each.has_training and group_of[each.image_id] in judging
        )
    of = {
        image_id: VALIDATION if group in judging else TRAIN for image_id, group in group_of.items()
    }
    return Split(of, left_out)


def _draw(seed: int, group: str) -> bytes:
    return hashlib.sha256(f"{seed}\0{group}".encode()).digest()
