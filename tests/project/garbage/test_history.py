"""Old states of layers are thinned out, and every one can still be made."""

from __future__ import annotations

import numpy as np
import pytest

from annotations.actions.regions import open_region, submit_region
from annotations.labels import chunks, ops
from annotations.models import LayerSnapshot
from annotations.queries.chunks import snapshot_label_image
from annotations.queries.history import states_at
from project.garbage import collect
from tests.annotations.painting import check_in_step, label_image_at, paint_box, picture
from tests.project.garbage.blobs import age_history, all_blobs, make_all_old, painted_history

pytestmark = pytest.mark.django_db(transaction=True)


def test_old_chunk_states_are_thinned_out_and_every_state_can_still_be_made(annotator, layer):
    states = painted_history(annotator, layer)
    age_history(layer, days=8)
    make_all_old()
    n_blobs = len(all_blobs())

    done = collect()

    assert done["n_tidied"] == 2 * 3, "of each chunk the newest stays"
    assert done["n_removed"] == n_blobs - 2
    for seq, state in enumerate(states):
        assert np.array_equal(label_image_at(layer, seq, (0, 0, 700, 900)), state)
        assert np.array_equal(label_image_at(layer, seq, (3, 5, 30, 520)), state[3:30, 5:520])
    assert states_at(layer, 2).digests == {}
    assert states_at(layer, 2).remade == [(0, 0), (0, 1)]
    check_in_step(layer)
    paint_box(annotator, layer, (100, 100, 200, 200))
    check_in_step(layer)


def test_what_a_layer_was_within_the_last_week_stays_readable_chunk_by_chunk(annotator, layer):
    states = painted_history(annotator, layer, n=3)
    age_history(layer, days=30)
    states += painted_history(annotator, layer, n=3)[1:]
    make_all_old()

    collect()

    for seq in range(3, 7):
        assert len(states_at(layer, seq).digests) == 2, "it was there until a moment ago"
        assert np.array_equal(label_image_at(layer, seq, (0, 0, 700, 900)), states[seq])
    for seq in range(3):
        assert np.array_equal(label_image_at(layer, seq, (0, 0, 700, 900)), states[seq])


def test_a_snapshot_survives_what_came_after_it(annotator, layer):
    paint_box(annotator, layer, (0, 0, 50, 50))
    region = open_region(
        user=annotator, image_id=layer.image_id, box=(0, 0, 700, 900), layer_id=layer.pk
    )
    snapshot = submit_region(user=annotator, region_id=region.pk).snapshot
    was = picture(layer)
    painted_history(annotator, layer)
    age_history(layer, days=99)
    make_all_old()

    collect()

    assert np.array_equal(snapshot_label_image(snapshot, (0, 0, 700, 900)), was)
    assert np.array_equal(label_image_at(layer, 3, (0, 0, 9, 9)), picture_at(layer, 3))


def picture_at(layer, seq):
    """Replay from the first op, snapshots aside."""
    assert LayerSnapshot.objects.filter(seq__lte=seq).exists(), "the short way is under test"
    held = {(0, 0): chunks.empty()}
    for row in layer.ops.filter(seq__lte=seq).order_by("seq"):
        op = ops.decode(ops.unpack(bytes(row.body)))
        here = {place: runs for place, runs in op.items() if place in held}
        ops.apply(here, held, height=700, width=900)
    return held[0, 0][:9, :9]
