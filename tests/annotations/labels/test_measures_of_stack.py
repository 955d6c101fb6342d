from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from annotations.labels.label_image import measure, measures_of_stack

STACKS = arrays(np.uint32, st.tuples(*[st.integers(1, 5)] * 3), elements=st.integers(0, 4))


@given(stack=STACKS)
def test_a_stack_is_measured_as_by_looking_at_every_voxel(stack):
    found = measures_of_stack({z: measure(plane) for z, plane in enumerate(stack)})

    ids = np.unique(stack[stack > 0])
    assert found.instance_id.tolist() == ids.tolist()
    for i, instance_id in enumerate(ids):
        z, row, col = np.nonzero(stack == instance_id)
        assert found.area_px[i] == z.size
        assert (found.z[i], found.depth[i]) == (z.min(), z.max() + 1 - z.min())
        assert found.boxes[i].tolist() == [row.min(), col.min(), row.max() + 1, col.max() + 1]


@given(stack=STACKS)
def test_one_plane_is_measured_alike_in_a_stack_and_alone(stack):
    alone, found = measure(stack[0]), measures_of_stack({0: measure(stack[0])})

    for name in ("instance_id", "area_px", "boxes", "z", "depth"):
        assert np.array_equal(getattr(alone, name), getattr(found, name))


def test_a_stack_without_planes_holds_nothing():
    assert measures_of_stack({}).instance_id.size == 0
