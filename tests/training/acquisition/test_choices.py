"""Typicality, doubt and chance: what each chooses from a pool."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from training.acquisition.batch import choose_doubtful, quota, score
from training.acquisition.cost import correction_seconds
from training.acquisition.typicality import choose_typical

SEEDS = st.integers(0, 2**31 - 1)


def pool_of(seed, n, d=4):
    vectors = np.random.default_rng(seed).normal(size=(n, d))
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@settings(deadline=None)
@given(SEEDS, st.integers(1, 60), st.integers(1, 12), st.integers(0, 6), st.integers(1, 8))
def test_typical_regions_are_chosen_once_each_and_the_same_for_a_seed(
    seed, n_pool, n, n_labelled, n_images
):
    vectors, labelled = pool_of(seed, n_pool), pool_of(seed + 1, n_labelled)
    images = [number % n_images for number in range(n_pool)]

    chosen = choose_typical(vectors, labelled, images, n=n, seed=seed)

    assert chosen == choose_typical(vectors, labelled, images, n=n, seed=seed)
    indices = [one.index for one in chosen]
    assert len(indices) == len(set(indices)) == min(n, n_pool)
    n_used = len({images[i] for i in indices})
    assert n_used == min(len(indices), len(set(images)))  # none twice while others remain


def test_the_largest_kind_without_labels_comes_first_by_its_most_typical_region():
    rng = np.random.default_rng(0)
    common = rng.normal([10, 0], 0.5, (30, 2))
    rare = rng.normal([0, 10], 0.5, (8, 2))
    labelled_kind = rng.normal([-10, -10], 0.5, (40, 2))
    vectors = np.concatenate([common, rare, labelled_kind])
    labelled = rng.normal([-10, -10], 0.2, (1, 2))

    chosen = choose_typical(vectors, labelled, range(len(vectors)), n=2, seed=1)

    first = chosen[0].index
    assert first < 30
    assert chosen[0].n_alike == 30
    assert 30 <= chosen[1].index < 38
    middle = common.mean(axis=0)
    distance = np.linalg.norm(common - middle, axis=1)
    assert distance[first] < np.median(distance)


def test_equal_regions_are_no_trouble():
    chosen = choose_typical(np.zeros((9, 3)), np.zeros((2, 3)), range(9), n=4, seed=0)

    assert len({one.index for one in chosen}) == 4
    assert choose_typical(np.zeros((0, 3)), np.zeros((0, 3)), [], n=4, seed=0) == []


@settings(deadline=None)
@given(SEEDS, st.integers(1, 60), st.integers(1, 12), st.integers(0, 6))
def test_doubtful_regions_are_chosen_once_each_with_the_best_first(seed, n_pool, n, n_labelled):
    scores = np.random.default_rng(seed).normal(size=n_pool)
    vectors, labelled = pool_of(seed, n_pool), pool_of(seed + 1, n_labelled)

    chosen = choose_doubtful(scores, vectors, labelled, n)

    assert len(chosen) == len(set(chosen)) == min(n, n_pool)
    assert chosen[0] == int(np.argmax(scores))
    assert sorted(chosen, key=lambda i: -scores[i]) == chosen
    assert min(scores[chosen]) >= np.sort(scores)[max(0, n_pool - max(4 * n, n))]


def test_of_equally_doubtful_regions_those_that_differ_are_taken():
    vectors = np.array([[0, 0], [0, 0.1], [0.1, 0], [5, 5], [9, 0]], float)
    scores = np.array([3, 2.9, 2.8, 2.7, 2.6])

    assert choose_doubtful(
        np.concatenate([scores, scores - 9]), np.tile(vectors, (2, 1)), np.zeros((0, 2)), 3
    ) == [0, 3, 4]
    near_four = np.array([[9, 0.1]])
    assert 4 not in choose_doubtful(
        np.concatenate([scores, scores - 9]), np.tile(vectors, (2, 1)), near_four, 2
    )


@settings(deadline=None)
@given(st.integers(1, 64), st.integers(0, 9), st.integers(0, 5))
def test_the_parts_of_a_batch_add_up(n, n_earlier, n_blind):
    share = quota(n, n_earlier=n_earlier, n_blind=n_blind)

    assert share.best + share.random + share.blind == n
    assert min(share.best, share.random, share.blind) >= 0
    assert share.best >= 1 or n == 1
    assert share.blind <= max(0, 3 - n_blind)


@settings(deadline=None)
@given(st.integers(3, 64), st.integers(0, 9))
def test_one_in_eight_is_random_and_one_in_two_small_batches(n, n_earlier):
    shares = [quota(n, n_earlier=n_earlier + i, n_blind=3) for i in range(2)]

    assert sum(share.random for share in shares) == (2 * (n // 8) if n >= 8 else 1)


def test_blind_validation_is_asked_for_until_there_are_three():
    assert [quota(8, n_earlier=0, n_blind=have).blind for have in range(5)] == [2, 2, 1, 0, 0]
    assert quota(1, n_earlier=0, n_blind=0).blind == 0


@settings(deadline=None)
@given(st.floats(0, 50), st.floats(0, 20), st.floats(1, 200))
def test_more_errors_are_worth_more_and_more_seconds_less(wrong, missed, seconds):
    assert score(wrong + 1, missed, seconds) > score(wrong, missed, seconds)
    assert score(wrong, missed + 1, seconds) > score(wrong, missed, seconds)
    assert score(wrong, missed, seconds + 1) < score(wrong, missed, seconds)


def test_correcting_costs_what_the_table_says():
    # 30 objects of 20 px diameter: looked at; 4 edited, 2 drawn.
    area = np.pi * 10**2
    outline_s = 3.54 * np.sqrt(area) / 40

    seconds = correction_seconds(30, 4, 2, area)

    assert seconds == pytest.approx(
        3 + 30 * 0.15 + 4 * (1.6 + outline_s / 2) + 2 * (2.6 + outline_s)
    )
