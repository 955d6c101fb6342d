from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.engines.advice import (
    advise_cellpose,
    advise_cellpose_sam,
    advise_stardist,
    advise_stardist_3d,
    stardist_grid,
    stardist_reach_px,
)
from training.engines.base import ObjectSizes
from training.engines.registry import fill_params, names, parse_params, spec
from training.engines.specs import (
    CellposeParams,
    CellposeSamParams,
    StarDist3DParams,
    StarDistParams,
)

NUCLEI = ObjectSizes(median_px=20, small_px=12, large_px=30)


def codes(remarks):
    return [remark.code for remark in remarks]


@pytest.mark.parametrize("name", ["stardist", "cellpose", "cellpose_sam", "stardist_3d"])
def test_ordinary_nuclei_need_no_remark(name):
    engine = spec(name)

    assert engine.advise(parse_params(engine.params, {}), NUCLEI, None) == []


def test_objects_beyond_the_receptive_field_are_told_with_a_grid_that_sees_them():
    sizes = ObjectSizes(median_px=50, small_px=30, large_px=150)

    (remark,) = advise_stardist(StarDistParams(), sizes, None)

    assert remark.code == "beyond_receptive_field"
    assert "150 px" in remark.sentence
    assert "94 px" in remark.sentence
    assert advise_stardist(StarDistParams(**remark.params), sizes, None) == []


def test_an_earlier_versions_network_cannot_be_widened_so_scratch_is_offered():
    parent = {"net": {"grid": [2, 2], "unet_n_depth": 2}}

    (remark,) = advise_stardist(StarDistParams(grid=8), ObjectSizes(30, 20, 60), parent)

    assert (remark.start, dict(remark.params)) == ("scratch", {})
    assert "46 px" in remark.sentence


def test_volumes_wider_than_the_network_sees_are_told_with_a_grid_that_sees_them():
    sizes = ObjectSizes(median_px=30, small_px=20, large_px=80)

    (remark,) = advise_stardist_3d(StarDist3DParams(), sizes, None)

    assert remark.code == "beyond_receptive_field"
    assert "46 px" in remark.sentence
    assert advise_stardist_3d(StarDist3DParams(**remark.params), sizes, None) == []
    parent = {"net": {"grid": [1, 2, 2], "unet_n_depth": 2}}
    (remark,) = advise_stardist_3d(StarDist3DParams(grid=8), sizes, parent)
    assert remark.start == "scratch"


def test_objects_larger_than_any_crop_are_told_by_every_network():
    giants = ObjectSizes(median_px=600, small_px=500, large_px=700)

    for name in ("stardist", "cellpose", "stardist_3d"):
        engine = spec(name)
        said = engine.advise(parse_params(engine.params, {}), giants, None)
        assert "larger_than_crops" in codes(said)


def test_a_diameter_that_does_not_fit_the_objects_is_a_slip_and_mended_by_none():
    (remark,) = advise_cellpose(CellposeParams(diameter_px=60.0), NUCLEI, None)

    assert remark.code == "diameter_mismatch"
    assert advise_cellpose(CellposeParams(**remark.params), NUCLEI, None) == []
    assert advise_cellpose(CellposeParams(diameter_px=25.0), NUCLEI, None) == []


def test_sizes_too_far_apart_for_one_diameter_are_told():
    mixed = ObjectSizes(median_px=20, small_px=8, large_px=45)

    assert codes(advise_cellpose(CellposeParams(), mixed, None)) == ["mixed_sizes"]


sizes = st.tuples(*[st.floats(1, 900)] * 3).map(sorted)


@given(sizes, st.sampled_from(sorted(names())))
def test_what_a_remark_offers_is_what_the_form_takes(three, name):
    small, median, large = three
    engine = spec(name)
    if engine.advise is None:
        return

    for remark in engine.advise(
        parse_params(engine.params, {}), ObjectSizes(median, small, large), None
    ):
        assert remark.sentence.endswith(".")
        assert bool(remark.label) == bool(remark.params or remark.start)
        fill_params(name, remark.params)


@given(st.integers(1, 5), st.sampled_from([1, 2, 4]))
def test_a_coarser_grid_and_a_deeper_network_see_farther(depth, grid):
    assert stardist_reach_px(depth, grid) < stardist_reach_px(depth + 1, grid)
    assert stardist_reach_px(depth, grid) < stardist_reach_px(depth, 2 * grid)


@given(st.floats(10, 400))
def test_the_chosen_grid_keeps_an_object_above_five_cells(diameter_px):
    assert diameter_px / stardist_grid(diameter_px) >= 5


@pytest.mark.parametrize(
    "sizes", [ObjectSizes(200, 150, 240), ObjectSizes(4, 3, 6), ObjectSizes(100, 60, 130)]
)
def test_sizes_that_cellpose_sam_was_not_made_for_are_mended_by_scaling(sizes):
    (remark,) = advise_cellpose_sam(CellposeSamParams(), sizes, None)

    assert remark.code == "unusual_sizes"
    assert "7.5 to 120 px" in remark.sentence
    assert advise_cellpose_sam(CellposeSamParams(**remark.params), sizes, None) == []


def test_sizes_that_no_scale_suits_are_told_without_a_button():
    sizes = ObjectSizes(median_px=50, small_px=5, large_px=300)
    params = CellposeSamParams(diameter_px=50)

    (remark,) = advise_cellpose_sam(params, sizes, None)

    assert (remark.label, dict(remark.params)) == ("", {})
