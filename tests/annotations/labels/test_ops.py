from __future__ import annotations

import gzip
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotations.labels import ops
from project.errors import InvalidInput

HEIGHT, WIDTH = 700, 900  # the last chunks hang over the image


@st.composite
def chunk_runs(draw, labels):
    """Draw runs of one chunk that a pen could have made."""
    n_runs = draw(st.integers(0, 12))
    start, rows = 0, []
    for _ in range(n_runs):
        start += draw(st.integers(0, 30_000))
        length = draw(st.integers(1, 900))
        if start + length > ops.CHUNK_PIXELS:
            break
        old, new = draw(st.lists(st.sampled_from(labels), min_size=2, max_size=2, unique=True))
        rows.append((start, length, old, new))
        start += length
    table = np.array(rows, np.int64).reshape(-1, 4)
    return ops.Runs(*(table[:, column].copy() for column in range(4)))


@st.composite
def any_op(draw, labels=(0, 1, 2, 3, 1 << 29, ops.MAX_LABEL)):
    places = draw(st.sets(st.tuples(st.integers(0, 1), st.integers(0, 1)), max_size=4))
    drawn = {place: draw(chunk_runs(labels)) for place in sorted(places)}
    return {place: runs for place, runs in drawn.items() if len(runs)}


@st.composite
def any_chunks(draw, labels=(0, 0, 1, 2, 3)):
    """Draw four chunks that hold a few labels in stripes."""
    seed = draw(st.integers(0, 1000))
    rng = np.random.default_rng(seed)
    return {
        (cy, cx): np.repeat(rng.choice(labels, 512 * 64), 8).astype(np.uint32).reshape(512, 512)
        for cy in range(2)
        for cx in range(2)
    }


def copy(chunks):
    return {place: chunk.copy() for place, chunk in chunks.items()}


def equal(one, other):
    return one.keys() == other.keys() and all(np.array_equal(one[p], other[p]) for p in one)


def rows_of(op):
    return {
        place: list(
            zip(r.start.tolist(), r.length.tolist(), r.old.tolist(), r.new.tolist(), strict=True)
        )
        for place, r in op.items()
    }


@given(any_op())
def test_encode_then_decode_gives_the_same_runs(op):
    assert rows_of(ops.decode(ops.unpack(ops.pack(ops.encode(op))))) == rows_of(op)


@settings(max_examples=40, deadline=None)
@given(any_op((0, 1, 2, 3)), any_chunks())
def test_what_an_op_did_is_taken_back_by_its_inverse(op, chunks):
    before = copy(chunks)

    applied = ops.apply(op, chunks, height=HEIGHT, width=WIDTH)
    back = ops.apply(ops.invert(applied.op), chunks, height=HEIGHT, width=WIDTH)

    assert equal(chunks, before)
    assert back.n_refused == 0
    assert back.n_pixels == applied.n_pixels


def pixel_changes(op):
    return {
        (place, *one)
        for place, runs in op.items()
        for one in zip(*(side.tolist() for side in ops.expand(runs)), strict=True)
    }


@settings(max_examples=60, deadline=None)
@given(any_op((0, 1)), any_op((0, 1)))
def test_what_takes_back_an_op_is_no_more_than_its_inverse(op, done):
    part = ops.taking_back(op, done)

    assert pixel_changes(part) == pixel_changes(op) & pixel_changes(ops.invert(done))
    assert rows_of(ops.taking_back(ops.invert(done), done)).keys() == done.keys()


@settings(max_examples=40, deadline=None)
@given(any_op((0, 1, 2, 3)), any_chunks())
def test_only_pixels_that_hold_the_old_label_change(op, chunks):
    before = copy(chunks)

    applied = ops.apply(op, chunks, height=HEIGHT, width=WIDTH)

    n_changed = 0
    for place, chunk in chunks.items():
        wanted_old = np.full(ops.CHUNK_PIXELS, -1, np.int64)
        wanted_new = np.full(ops.CHUNK_PIXELS, -1, np.int64)
        if place in op:
            pixels, old, new = ops.expand(op[place])
            wanted_old[pixels], wanted_new[pixels] = old, new
        was, now = before[place].reshape(-1), chunk.reshape(-1)
        pixel = np.arange(ops.CHUNK_PIXELS)
        inside = (place[0] * 512 + pixel // 512 < HEIGHT) & (place[1] * 512 + pixel % 512 < WIDTH)
        should = (wanted_old == was) & inside
        assert np.array_equal(now, np.where(should, wanted_new, was))
        n_changed += int(should.sum())
    assert applied.n_pixels == n_changed
    assert applied.n_pixels + applied.n_refused == sum(runs.n_pixels for runs in op.values())


@settings(max_examples=40, deadline=None)
@given(any_op((0, 1, 2, 3)), any_chunks())
def test_area_changes_are_what_a_recount_finds(op, chunks):
    before = copy(chunks)

    applied = ops.apply(op, chunks, height=HEIGHT, width=WIDTH)

    recount = {}
    for label in (1, 2, 3):
        delta = sum(
            int((chunks[p] == label).sum()) - int((before[p] == label).sum()) for p in chunks
        )
        recount[label] = delta
    told = {label: change.area_px for label, change in ops.changes(applied.op).items()}
    assert {label: told.get(label, 0) for label in recount} == recount


@settings(max_examples=40, deadline=None)
@given(any_op((0, 1, 2)), any_chunks())
def test_the_box_of_a_change_holds_exactly_the_pixels_won(op, chunks):
    before = copy(chunks)

    applied = ops.apply(op, chunks, height=HEIGHT, width=WIDTH)

    for label, change in ops.changes(applied.op).items():
        rows, cols = [], []
        for (cy, cx), chunk in chunks.items():
            r, c = np.nonzero((chunk == label) & (before[cy, cx] != label))
            rows.append(r + cy * 512)
            cols.append(c + cx * 512)
        row, col = np.concatenate(rows), np.concatenate(cols)
        expected = (row.min(), col.min(), row.max() + 1, col.max() + 1) if row.size else None
        assert change.box == expected


@settings(max_examples=30, deadline=None)
@given(any_op(), st.tuples(*[st.integers(0, 1100)] * 2), st.tuples(*[st.integers(1, 400)] * 2))
def test_an_op_meets_a_box_when_one_of_its_pixels_lies_in_it(op, corner, size):
    painted = np.zeros((2 * ops.SIDE, 2 * ops.SIDE), bool)
    for (cy, cx), runs in op.items():
        chunk = painted[cy * 512 : cy * 512 + 512, cx * 512 : cx * 512 + 512]
        chunk[np.divmod(ops.expand(runs)[0], 512)] = True
    box = (*corner, corner[0] + size[0], corner[1] + size[1])

    assert ops.meets(op, box) == painted[box[0] : box[2], box[1] : box[3]].any()


@settings(max_examples=30, deadline=None)
@given(any_chunks(), any_chunks())
def test_the_runs_between_two_chunks_turn_one_into_the_other(before, after):
    op = {place: ops.between(before[place], after[place]) for place in before}

    applied = ops.apply(op, before, height=1024, width=1024)

    assert equal(before, after)
    assert applied.n_refused == 0


def test_a_replayed_op_changes_nothing_more():
    chunks = {(0, 0): np.zeros((512, 512), np.uint32)}
    op = {(0, 0): ops.Runs(*(np.array([value]) for value in (5, 10, 0, 3)))}
    ops.apply(op, chunks, height=512, width=512)

    again = ops.apply(op, chunks, height=512, width=512)

    assert (again.op, again.n_pixels, again.n_refused) == ({}, 0, 10)


@settings(max_examples=300)
@given(st.binary(max_size=200))
def test_any_bytes_are_an_op_or_refused(data):
    for read in (ops.decode, ops.unpack):
        with suppress(InvalidInput):
            read(data)


@settings(max_examples=300, deadline=None)
@given(any_op(), st.data())
def test_a_damaged_op_is_an_op_or_refused(op, data):
    raw = bytearray(ops.encode(op))
    place = data.draw(st.integers(0, len(raw) - 1))
    raw[place] = data.draw(st.integers(0, 255))
    try:
        decoded = ops.decode(bytes(raw))
    except InvalidInput:
        return
    for runs in decoded.values():
        assert runs.start.min() >= 0
        assert (runs.start + runs.length).max() <= ops.CHUNK_PIXELS
        assert (runs.start[1:] >= (runs.start + runs.length)[:-1]).all()
        assert max(runs.old.max(), runs.new.max()) <= ops.MAX_LABEL


def test_a_gzip_bomb_stops_at_the_limit():
    bomb = gzip.compress(bytes(200 << 20))

    with pytest.raises(InvalidInput, match="too large"):
        ops.unpack(bomb)


@pytest.mark.parametrize("change", [lambda body: body[:-1], lambda body: body + b"x"])
def test_a_cut_or_lengthened_body_is_refused(change):
    with pytest.raises(InvalidInput):
        ops.unpack(change(ops.pack(b"\x01\x00\x00")))


def test_an_op_of_too_many_chunks_is_refused():
    op = {
        (0, cx): ops.Runs(*(np.array([value]) for value in (0, 1, 0, 1)))
        for cx in range(ops.MAX_CHUNKS + 1)
    }

    with pytest.raises(InvalidInput, match="chunks"):
        ops.decode(ops.encode(op))


def test_a_table_of_too_many_labels_is_refused():
    labels = np.arange(1, ops.MAX_LABELS + 2)
    op = {
        (0, 0): ops.Runs(labels * 2, np.ones_like(labels), np.zeros_like(labels), labels),
    }

    with pytest.raises(InvalidInput, match="labels"):
        ops.encode(op)


def painted(op, side):
    """Return the four chunks that hold the old, or the new, labels of an op."""
    chunks = {(cy, cx): np.zeros((512, 512), np.uint32) for cy in range(2) for cx in range(2)}
    for place, runs in op.items():
        pixels, old, new = ops.expand(runs)
        chunks[place].reshape(-1)[pixels] = {"old": old, "new": new}[side]
    return chunks


@settings(max_examples=100, deadline=None)
@given(any_op(tuple(range(40))), st.integers(2, 30))
def test_the_parts_of_a_divided_op_do_what_the_op_does(op, max_labels):
    chunks = painted(op, "old")

    for part in ops.divide(op, max_labels=max_labels):
        old, new = ops.labels_in(part)
        assert np.union1d(old, new).size <= max_labels
        ops.apply(part, chunks, height=1024, width=1024)

    assert equal(chunks, painted(op, "new"))


def test_a_small_op_is_not_divided():
    op = {(0, 0): ops.Runs(*(np.array([value]) for value in (5, 10, 0, 3)))}

    assert list(ops.divide(op)) == [op]
    assert list(ops.divide({})) == [{}]


@given(any_chunks(), any_chunks(), st.integers(0, 3))
@settings(max_examples=20)
def test_the_runs_between_two_chunks_are_the_changed_pixels(before, after, n_equal_rows):
    was, now = before[0, 0], after[1, 1]
    now[: 128 * n_equal_rows] = was[: 128 * n_equal_rows]

    runs = ops.between(was, now)

    pixels, old, new = ops.expand(runs)
    changed = np.flatnonzero(was.ravel() != now.ravel())
    assert np.array_equal(pixels, changed)
    assert np.array_equal(old, was.ravel()[changed])
    assert np.array_equal(new, now.ravel()[changed])
    touching = runs.start[1:] == (runs.start + runs.length)[:-1]
    same = (runs.old[1:] == runs.old[:-1]) & (runs.new[1:] == runs.new[:-1])
    assert not (touching & same).any(), "each run is as long as it can be"
