from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from training.datasets.split import TRAIN, VALIDATION, Candidate, split_images

candidates = st.lists(
    st.builds(
        Candidate,
        image_id=st.uuids().map(str),
        group=st.sampled_from(["", "slide 1", "slide 2", "slide 3"]),
        has_training=st.booleans(),
        has_blind=st.booleans(),
    ),
    max_size=12,
    unique_by=lambda each: each.image_id,
)


@given(candidates, st.integers(0, 9), st.sampled_from([0.0, 0.3, 1.0]))
def test_a_group_is_never_on_both_sides(images, seed, share):
    split = split_images(images, seed=seed, validation_share=share)

    sides: dict[str, set[str]] = {}
    for each in images:
        sides.setdefault(each.group or each.image_id, set()).add(split.of[each.image_id])
    assert all(len(found) == 1 for found in sides.values())


@given(candidates)
def test_what_was_drawn_blind_judges_and_its_other_regions_are_named(images):
    split = split_images(images)

    for each in images:
        if each.has_blind:
            assert split.of[each.image_id] == VALIDATION
        if each.has_training:
            left_out = each.image_id in split.left_out
            assert left_out == (split.of[each.image_id] == VALIDATION)


def test_without_blind_regions_a_seeded_share_is_drawn_and_stays_when_images_are_added():
    images = [Candidate(f"image {i}") for i in range(20)]

    before = split_images(images, seed=3, validation_share=0.2).of
    again = split_images(images[::-1], seed=3, validation_share=0.2).of
    more = split_images([*images, Candidate("late")], seed=3, validation_share=0.2).of

    assert before == again
    assert sum(side == VALIDATION for side in before.values()) == 4
    assert sum(before[key] != more[key] for key in before) <= 1


def test_the_only_image_is_never_taken_for_validation():
    assert split_images([Candidate("a")], validation_share=1.0).of == {"a": TRAIN}
