"""Several writers on one layer, and writers that die: with real transactions."""

from __future__ import annotations

import random
import threading
import uuid

import numpy as np
import pytest
from django.db import connection

from annotations.actions.labels import allocate_ids, append_ops
from annotations.labels import chunks, ops
from annotations.models import LabelLayer, Role
from annotations.queries.labels import ops_after
from tests.annotations.painting import box_op, check_in_step, op_between, picture, sent
from tests.factories import ImageFactory, LayerFactory, ProjectFactory
from tests.people import make_person

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def layer():
    return LayerFactory(image=ImageFactory(project=ProjectFactory()))


class Copy:
    """A person's copy of the layer: own strokes at once, then rewind, others' ops, replay."""

    def __init__(self, layer, user):
        self.layer, self.user, self.session = layer, user, uuid.uuid4()
        self.image = np.zeros((layer.image.height, layer.image.width), np.uint32)
        self.seq = self.n = 0
        self.id = allocate_ids(user=user, layer_id=layer.pk, count=1)

    def stroke(self, rng):
        """Paint a box from what this copy shows, send it (twice now and then), and catch up."""
        self.n += 1
        after = self.image.copy()
        row, col = rng.randrange(60), rng.randrange(60)
        after[row : row + 25, col : col + 25] = rng.choice([0, self.id, self.id])
        one = sent(op_between(self.image, after), n=self.n)
        for _ in range(2 if rng.random() < 0.2 else 1):
            append_ops(user=self.user, layer_id=self.layer.pk, session=self.session, sent=[one])
        if rng.random() < 0.5:
            self.catch_up()

    def catch_up(self):
        held = dict(chunks.split(self.image))
        for row in ops_after(self.layer.pk, self.seq):
            op = ops.decode(ops.unpack(bytes(row.body)))
            for place in op:
                held.setdefault(place, chunks.empty())
            applied = ops.apply(op, held, height=700, width=900)
            assert applied.n_refused == 0
            self.seq = row.seq
        self.image = chunks.join(held, (0, 0, 700, 900))


def test_two_writers_on_the_same_pixels_end_with_equal_copies(layer):
    project = layer.image.project
    copies = [Copy(layer, make_person(f"p{k}", project, Role.ANNOTATOR)) for k in range(3)]
    failures = []

    def work(copy, seed):
        rng = random.Random(seed)
        try:
            for _ in range(25):
                copy.stroke(rng)
            copy.catch_up()
        except BaseException as error:
            failures.append(error)
            raise
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(copy, k)) for k, copy in enumerate(copies[:2])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)

    assert not failures
    for copy in copies:
        copy.catch_up()
        assert np.array_equal(copy.image, picture(layer))
    check_in_step(layer)
    layer.refresh_from_db()
    assert layer.seq == 50


def test_blocks_of_ids_asked_for_at_once_never_overlap(layer):
    user = make_person("p", layer.image.project, Role.ANNOTATOR)
    got, lock = [], threading.Lock()

    def ask():
        try:
            for _ in range(20):
                first = allocate_ids(user=user, layer_id=layer.pk, count=7)
                with lock:
                    got.extend(range(first, first + 7))
        finally:
            connection.close()

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)

    assert sorted(got) == list(range(1, 4 * 20 * 7 + 1))


def test_a_retry_that_overtakes_the_first_try_is_applied_once(layer):
    """The answer was lost and the client sends again while the first try still runs."""
    user = make_person("p", layer.image.project, Role.ANNOTATOR)
    instance_id = allocate_ids(user=user, layer_id=layer.pk, count=1)
    layer.refresh_from_db()
    session, one = uuid.uuid4(), sent(box_op(layer, (0, 0, 50, 50), instance_id), n=1)
    answers = []

    def work():
        try:
            answers.append(
                append_ops(user=user, layer_id=layer.pk, session=session, sent=[one]).ops[0].seq
            )
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)

    assert answers == [1, 1, 1, 1]
    check_in_step(layer)


def test_a_transaction_that_is_killed_leaves_nothing(layer, monkeypatch):
    """The database ends the connection after the chunks are written, before the commit."""
    user = make_person("p", layer.image.project, Role.ANNOTATOR)
    instance_id = allocate_ids(user=user, layer_id=layer.pk, count=1)
    layer.refresh_from_db()
    one, session = sent(box_op(layer, (0, 0, 50, 50), instance_id), n=1), uuid.uuid4()
    from django.db import OperationalError
    from django.db.utils import InterfaceError

    from annotations.actions import layer_writer

    def kill(layer_id, seq):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    with monkeypatch.context() as patch:
        patch.setattr(layer_writer, "tell_ops", kill)
        with pytest.raises((OperationalError, InterfaceError)):
            append_ops(user=user, layer_id=layer.pk, session=session, sent=[one])
    connection.close()
    fresh = LabelLayer.objects.select_related("image").get(pk=layer.pk)
    assert (fresh.seq, fresh.ops.count(), fresh.chunks.count(), fresh.instances.count()) == (
        0,
        0,
        0,
        0,
    )

    append_ops(user=user, layer_id=layer.pk, session=session, sent=[one])

    check_in_step(fresh)
