"""A class is renamed while somebody paints with it: with real transactions."""

from __future__ import annotations

import threading
import time

import pytest
from django.db import connection, transaction

from annotations.actions.classes import create_class, update_class
from annotations.models import Instance, Role
from tests.annotations.painting import box_op, new_id, send, sent
from tests.factories import ImageFactory, LayerFactory, ProjectFactory
from tests.people import make_person

pytestmark = pytest.mark.django_db(transaction=True)
HANGS_S = 30  # against hanging only


def n_waiting():
    """Count who waits for an advisory lock of this database."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = pg_locks.database "
            "WHERE locktype = 'advisory' AND NOT granted AND datname = current_database()"
        )
        return cursor.fetchone()[0]


def test_no_stroke_keeps_a_name_that_was_given_up_meanwhile():
    layer = LayerFactory(image=ImageFactory(project=ProjectFactory()))
    project = layer.image.project
    annotator = make_person("ana", project, Role.ANNOTATOR)
    owner = make_person("olga", project, Role.OWNER)
    mitosis = create_class(user=owner, project_id=project.pk, name="mitosis")
    instance_id = new_id(annotator, layer)
    op = sent(
        box_op(layer, (0, 0, 9, 9), instance_id), meta={"classes": {"mitosis": [instance_id]}}
    )

    def rename():
        try:
            update_class(user=owner, class_id=mitosis.pk, name="dividing")
        finally:
            connection.close()

    renaming = threading.Thread(target=rename)
    with transaction.atomic():
        send(annotator, layer, op)
        renaming.start()
        deadline = time.monotonic() + HANGS_S
        while not n_waiting() and renaming.is_alive() and time.monotonic() < deadline:
            pass
    renaming.join(HANGS_S)

    assert Instance.objects.get(instance_id=instance_id).class_name == "dividing"
