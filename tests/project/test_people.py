from __future__ import annotations

import pytest
from django.contrib.auth import get_user_model
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from annotations.actions import presence
from project.people import display_name, display_name_of
from tests.annotations.api.test_views import PLACE
from tests.annotations.painting import paint_box
from tests.factories import ImageFactory, LayerFactory, UserFactory
from tests.people import client_of, make_person

NAMES = st.text("ab é.", max_size=6)


@pytest.mark.django_db
@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(first=NAMES, last=NAMES)
def test_the_database_calls_people_the_same(first, last):
    person = UserFactory(first_name=first, last_name=last)

    found = get_user_model().objects.filter(pk=person.pk).values_list(display_name_of(), flat=True)

    assert list(found) == [display_name(person)]
    person.delete()


@pytest.mark.parametrize(
    ("first", "last", "name"),
    [("Ada", "Berg", "Ada Berg"), ("", "Berg", "Berg"), ("", "", "aberg"), (" ", "", "aberg")],
)
def test_a_person_is_called_by_the_full_name_or_else_the_user_name(first, last, name):
    assert display_name(get_user_model()(username="aberg", first_name=first, last_name=last)) == (
        name
    )


@pytest.fixture
def ada(project):
    person = make_person("aberg", project, "reviewer")
    person.first_name, person.last_name = "Ada", "Berg"
    person.save()
    return person


def test_everything_about_an_image_calls_a_person_the_same(ada, project, monkeypatch):
    image = ImageFactory(project=project)
    layer, client = LayerFactory(image=image), client_of(ada)
    instance_id = paint_box(ada, layer, (0, 0, 9, 9))
    told = []
    monkeypatch.setattr(presence.events, "publish", lambda _channel, event: told.append(event))

    def get(path):
        return client.get(f"/api/v1/{path}").json()

    def send(path, sent):
        return client.post(f"/api/v1/{path}", sent, content_type="application/json")

    send(f"layers/{layer.pk}/presence/", {"session": str(layer.pk)})
    marked = send(f"images/{image.pk}/bookmarks/", {"name": "here", "place": PLACE}).json()
    [op] = get(f"layers/{layer.pk}/history/")["ops"]
    blamed = get(f"layers/{layer.pk}/instances/{instance_id}/history/")
    [row] = get(f"projects/{project.pk}/images/")["results"]
    names = {
        "presence": told[0]["name"],
        "history": op["person"],
        "blame": blamed["created_by"],
        "change": blamed["changes"][0]["person"],
        "authors": get(f"layers/{layer.pk}/instances/")["authors"][0]["name"],
        "painted": row["painted_by"][0],
        "bookmark": marked["made_by"],
    }
    assert names == dict.fromkeys(names, "Ada Berg")
    assert "Ada Berg" in client.get(f"/projects/{project.pk}/people/").content.decode()


def test_two_people_of_one_name_are_two(ada, project):
    namesake = make_person("aberg2", project, "annotator")
    namesake.first_name, namesake.last_name = "Ada", "Berg"
    namesake.save()
    layer = LayerFactory(image=ImageFactory(project=project))
    paint_box(ada, layer, (0, 0, 9, 9))
    paint_box(namesake, layer, (20, 0, 29, 9))

    [row] = client_of(ada).get(f"/api/v1/projects/{project.pk}/images/").json()["results"]

    assert (row["n_instances"], row["painted_by"]) == (2, ["Ada Berg", "Ada Berg"])


def test_what_nobody_is_known_to_have_made_has_no_name(ada, project):
    layer = LayerFactory(image=ImageFactory(project=project))
    paint_box(ada, layer, (0, 0, 9, 9))
    layer.ops.update(user=None)
    layer.instances.update(created_by=None)

    [op] = client_of(ada).get(f"/api/v1/layers/{layer.pk}/history/").json()["ops"]

    assert op["person"] is None
