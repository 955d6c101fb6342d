"""How many seconds a person needs to correct a region, by the nominal table of actions."""

from __future__ import annotations

import math

OPEN_S = 3.0  # open a region and find one's way
LOOK_S = 0.15  # at an object that is left as it is
SEARCH_S = 0.6  # before any action
STROKE_PX_PER_S = 40.0
EDIT_S = 1.0  # plus half the outline
DRAW_S = 2.0  # plus the outline


def correction_seconds(
    n_instances: int, expected_wrong: float, missed: float, area: float
) -> float:
    """Estimate how long it takes to correct a region's draft.

    Parameters
    ----------
    n_instances : int
        Drafted objects in the region.
    expected_wrong : float
        How many of them are expected to be wrong, so to be edited.
    missed : float
        How many are expected to be missing, so to be drawn.
    area : float
        Typical area of an object, pixels.

    Returns
    -------
    float
        Seconds; never below the 3 s that opening a region takes.

    Notes
    -----
    An edit redraws half of the outline, a drawing all of it; the outline of a round object of
    area A measures 3.54 · sqrt(A). With these numbers a corrected object costs about 1.05 - AP50
    of a drawn one, which spans the times of micro-sam's user study (Archit et al. 2025,
    doi:10.1038/s41592-024-02580-4). They are not yet fitted to people's own times.

    Examples
    --------
    >>> correction_seconds(0, 0, 0, 400)
    3.0
    """
    outline_s = 3.54 * math.sqrt(max(area, 1.0)) / STROKE_PX_PER_S
    edit_s = SEARCH_S + EDIT_S + outline_s / 2
    draw_s = SEARCH_S + DRAW_S + outline_s
    return OPEN_S + n_instances * LOOK_S + expected_wrong * edit_s + missed * draw_s
