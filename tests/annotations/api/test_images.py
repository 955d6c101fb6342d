from __future__ import annotations

import io
import json
import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from annotations.actions.images import register_image
from annotations.jobs import images as jobs
from annotations.models import (
    AuditEntry,
    Image,
    ImageState,
    Instance,
    LayerKind,
    Membership,
    Project,
    Role,
    Split,
)
from project.storage import blob_path, has_blob, put_bytes
from tests.annotations.imaging.files import encoded, ramp
from tests.factories import ImageFactory, LayerFactory, RegionFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(as_person, annotator):
    return as_person(annotator)


@pytest.fixture
def ready_image(project, annotator):
    """An image that was really read."""
    data = encoded(ramp(700, 600, "uint16"), "tiff")
    image = register_image(
        user=annotator, project=project, file_name="a.tif", stream=io.BytesIO(data)
    )
    jobs.ingest_image(image.pk)
    image.refresh_from_db()
    return image


def address(image, rest=""):
    return f"/api/v1/images/{image.pk}/{rest}"


def patch(client, image, **changes):
    return client.patch(address(image), json.dumps(changes), content_type="application/json")


# --- projects ---------------------------------------------------------------------------------


def test_whoever_makes_a_project_owns_it(client, annotator):
    answer = client.post(
        "/api/v1/projects/",
        {"name": " Liver ", "description": "x"},
        content_type="application/json",
    )

    project = Project.objects.get(pk=answer.json()["id"])
    assert answer.status_code == 201
    assert project.name == "Liver"
    assert Membership.objects.get(project=project).role == Role.OWNER


@pytest.mark.parametrize("name", ["", "   ", "x" * 201, None])
def test_a_project_needs_a_name(client, name):
    sent = {"name": name}

    answer = client.post("/api/v1/projects/", sent, content_type="application/json")

    assert answer.status_code == 400


def test_a_project_name_is_taken_once(client, project):
    answer = client.post(
        "/api/v1/projects/", {"name": project.name}, content_type="application/json"
    )

    assert (answer.status_code, answer.json()["code"]) == (409, "project_name_taken")


def test_people_see_their_own_projects_only(as_person, people, project):
    names = {
        person: [row["name"] for row in as_person(user).get("/api/v1/projects/").json()["results"]]
        for person, user in people.items()
    }

    assert all(project.name in names[person] for person in ("owner", "viewer"))
    assert project.name not in names["stranger"]


def test_a_project_tells_its_tags_and_the_role(client, project):
    ImageFactory(project=project, tags=["b", "a"])
    ImageFactory(project=project, tags=["a", "c"])

    answer = client.get(f"/api/v1/projects/{project.pk}/").json()

    assert (answer["tags"], answer["role"], answer["n_images"]) == (["a", "b", "c"], "annotator", 2)


@pytest.mark.parametrize(
    ("name", "status"), [("owner", 200), ("reviewer", 403), ("viewer", 403), ("stranger", 404)]
)
def test_who_may_rename_a_project(as_person, people, project, name, status):
    answer = as_person(people[name]).patch(
        f"/api/v1/projects/{project.pk}/", {"name": "New"}, content_type="application/json"
    )

    assert answer.status_code == status


# --- list -------------------------------------------------------------------------------------


def listed(client, project, **query):
    answer = client.get(f"/api/v1/projects/{project.pk}/images/", query)
    assert answer.status_code == 200
    return [row["name"] for row in answer.json()["results"]]


def test_images_are_found_by_name_state_tag_and_split(client, project):
    ImageFactory(project=project, name="Liver 1.tif", tags=["DAPI"], split=Split.TRAIN)
    ImageFactory(project=project, name="liver 2.tif", state=ImageState.FAILED)
    painted = ImageFactory(project=project, name="Lung.tif", tags=["DAPI", "old"])
    LayerFactory(image=painted, seq=3)

    assert listed(client, project) == ["Liver 1.tif", "liver 2.tif", "Lung.tif"]
    assert listed(client, project, name="LIVER") == ["Liver 1.tif", "liver 2.tif"]
    assert listed(client, project, state="failed") == ["liver 2.tif"]
    assert listed(client, project, tag="DAPI") == ["Liver 1.tif", "Lung.tif"]
    assert listed(client, project, tag="DAPI", split="train", name="") == ["Liver 1.tif"]
    assert listed(client, project, painted="yes") == ["Lung.tif"]
    assert listed(client, project, painted="no", state="ready") == ["Liver 1.tif"]


@pytest.mark.parametrize("query", [{"state": "odd"}, {"split": "odd"}, {"painted": "odd"}])
def test_an_unknown_filter_value_is_refused(client, project, query):
    answer = client.get(f"/api/v1/projects/{project.pk}/images/", query)

    assert answer.status_code == 400


def test_the_list_comes_in_pages_of_constant_cost(client, project):
    def n_statements():
        with CaptureQueriesContext(
            connection,
        ) as counted:
            client.get(f"/api/v1/projects/{project.pk}/images/", {"page_size": 20})
        return len(counted)

    ImageFactory.create_batch(3, project=project)
    few = n_statements()
    for image in ImageFactory.create_batch(15, project=project):
        RegionFactory(image=image)

    assert n_statements() == few <= 8
    assert len(listed(client, project, page=2, page_size=10)) == 8


@pytest.mark.parametrize(("name", "status"), [("viewer", 200), ("stranger", 404)])
def test_who_may_see_the_images(as_person, people, project, name, status):
    client = as_person(people[name])
    image = ImageFactory(project=project, thumbnail_digest=put_bytes(b"jpeg"))

    for place in (
        f"/api/v1/projects/{project.pk}/images/",
        address(image),
        address(image, "thumbnail/"),
        address(image, "histogram/"),
    ):
        assert client.get(place).status_code == status


# --- one image --------------------------------------------------------------------------------


def test_a_change_is_kept_and_recorded(client, ready_image):
    channels = [{"name": "Nuclei", "colour": "#00ff00", "window": [10, 300]}]

    answer = patch(
        client, ready_image, name="b.tif", tags=["x", " x "], split="test", channels=channels
    )

    ready_image.refresh_from_db()
    assert answer.status_code == 200
    assert (ready_image.name, ready_image.tags, ready_image.split) == ("b.tif", ["x"], "test")
    assert ready_image.channels == [{"name": "Nuclei", "colour": "#00ff00", "window": [10, 300]}]
    assert AuditEntry.objects.get(verb="update_image").data["before"]["name"] == "a.tif"


@pytest.mark.parametrize(
    "change",
    [
        {"split": "odd"},
        {"channels": []},
        {"channels": [{"name": "a", "colour": "red", "window": [0, 1]}]},
        {"channels": [{"name": "a", "colour": "#00ff00", "window": [5, 5]}]},
        {"channels": [{"name": "a", "colour": "#00ff00", "window": [0]}]},
        {"tags": ["x" * 65]},
        {"name": ""},
    ],
)
def test_a_wrong_change_is_refused(client, ready_image, change):
    assert patch(client, ready_image, **change).status_code == 400


@pytest.mark.parametrize(
    ("name", "status"), [("annotator", 200), ("viewer", 403), ("stranger", 404)]
)
def test_who_may_change_an_image(as_person, people, project, name, status):
    assert patch(as_person(people[name]), ImageFactory(project=project), group="s").status_code == (
        status
    )


def test_an_unknown_image_is_not_found(client):
    assert client.get(f"/api/v1/images/{uuid.uuid4()}/").status_code == 404


def test_an_image_says_who_painted_on_it(client, project, annotator, owner):
    image = ImageFactory(project=project)
    layer = LayerFactory(image=image)
    by = [owner, annotator, annotator, None]
    for instance_id, person in enumerate(by, start=1):
        Instance.objects.create(layer=layer, instance_id=instance_id, area_px=9, created_by=person)
    draft = LayerFactory(image=image, kind=LayerKind.PREDICTION, name="draft")
    Instance.objects.create(layer=draft, instance_id=1, area_px=9, created_by=owner)

    (row,) = client.get(f"/api/v1/projects/{project.pk}/images/").json()["results"]

    assert (row["n_instances"], row["painted_by"]) == (4, ["annotator", "owner"])
    assert client.get(address(image)).json()["painted_by"] == ["annotator", "owner"]


def test_the_view_hands_out_an_address_of_tiles(client, ready_image, annotator):
    answer = client.post(address(ready_image, "view/")).json()

    ready_image.refresh_from_db()
    assert answer["tiles"].startswith("/tiles/")
    assert answer["tile_size"] == 256
    assert [(level["width"], level["height"]) for level in answer["levels"]] == [
        (600, 700),
        (300, 350),
        (150, 175),
    ]
    assert (answer["planes"], answer["n_z"], answer["n_t"]) == (1, 1, 1)
    assert answer["channels"] == ready_image.channels
    assert ready_image.viewed_at is not None


def test_a_picture_on_a_page_does_not_count_as_opening_the_image(client, ready_image):
    answer = client.get(address(ready_image, "view/"))

    ready_image.refresh_from_db()
    assert answer.json()["tiles"].startswith("/tiles/")
    assert ready_image.viewed_at is None


def test_an_image_that_is_not_ready_has_no_view(client, project):
    waiting = ImageFactory(project=project, state=ImageState.QUEUED)
    failed = ImageFactory(project=project, state=ImageState.FAILED, error_message="It is a poem.")

    assert client.post(address(waiting, "view/")).status_code == 422
    assert "It is a poem." in client.post(address(failed, "view/")).json()["message"]
    assert client.get(address(failed, "view/")).status_code == 422


def test_the_histogram_counts_every_pixel(client, ready_image):
    (channel,) = client.get(address(ready_image, "histogram/")).json()["channels"]

    assert sum(channel["counts"]) == 700 * 600
    assert channel["low"] == 0


def test_a_thumbnail_is_not_sent_twice(client, ready_image):
    first = client.get(address(ready_image, "thumbnail/"), headers={"Accept": "image/webp"})
    again = client.get(address(ready_image, "thumbnail/"), headers={"If-None-Match": first["ETag"]})

    assert first.content.startswith(b"\xff\xd8")
    assert again.status_code == 304


def test_an_original_is_never_shown_by_a_browser(client, project, annotator):
    page = b"<html><script>alert(1)</script></html>"
    image = register_image(
        user=annotator, project=project, file_name="x.html", stream=io.BytesIO(page)
    )

    answer = client.get(address(image, "original/"))

    assert b"".join(answer.streaming_content) == page
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["Content-Disposition"].startswith("attachment")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer["Content-Security-Policy"]


# --- delete and retry -------------------------------------------------------------------------


def run_sent(sent_messages):
    for _, task, arguments in sent_messages("default"):
        if task == "remove_unused_blobs":
            jobs.remove_unused_blobs(*arguments)


def files_of(image):
    return [image.original_digest, image.pixels_digest, image.pyramid_digest]


def test_a_deleted_image_takes_its_files_along(
    as_person, reviewer, ready_image, sent_messages, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        answer = as_person(reviewer).delete(address(ready_image))
    run_sent(sent_messages)

    assert answer.status_code == 204
    assert not Image.objects.exists()
    assert not any(has_blob(digest) for digest in files_of(ready_image))
    assert AuditEntry.objects.get(verb="delete_image").target == str(ready_image.pk)


def test_files_that_another_project_uses_stay(
    as_person, reviewer, stranger, ready_image, sent_messages, django_capture_on_commit_callbacks
):
    elsewhere = Membership.objects.get(user=stranger).project
    path = blob_path(ready_image.original_digest)
    register_image(user=stranger, project=elsewhere, file_name="a.tif", path=path)

    with django_capture_on_commit_callbacks(execute=True):
        as_person(reviewer).delete(address(ready_image))
    run_sent(sent_messages)

    assert has_blob(ready_image.original_digest)
    assert not has_blob(ready_image.pyramid_digest)


@pytest.mark.parametrize(
    ("name", "status"), [("reviewer", 204), ("annotator", 403), ("viewer", 403), ("stranger", 404)]
)
def test_who_may_delete_an_image(as_person, people, project, name, status):
    assert as_person(people[name]).delete(address(ImageFactory(project=project))).status_code == (
        status
    )


def test_a_failed_image_can_be_read_again(client, project, sent_messages):
    image = ImageFactory(project=project, state=ImageState.FAILED, attempt=3, error_message="x")

    answer = client.post(address(image, "retry/"))

    image.refresh_from_db()
    assert answer.status_code == 200
    assert (image.state, image.attempt, image.error_message) == (ImageState.QUEUED, 0, "")


def test_a_ready_image_is_not_read_again(client, project):
    answer = client.post(address(ImageFactory(project=project), "retry/"))

    assert answer.status_code == 409


def test_sizes_in_micrometres_are_told_where_the_file_is_silent(client, project):
    image = ImageFactory(project=project, n_z=4)
    assert client.get(address(image)).json()["z_step_um"] is None

    answer = client.patch(
        address(image), {"pixel_size_um": 0.2, "z_step_um": 1.5}, content_type="application/json"
    )

    assert (answer.json()["pixel_size_um"], answer.json()["z_step_um"]) == (0.2, 1.5)
    for wrong in (0, -1, 1e6):
        refused = client.patch(
            address(image), {"z_step_um": wrong}, content_type="application/json"
        )
        assert (refused.status_code, refused.json()["code"]) == (400, "bad_pixel_size")
    gone = client.patch(address(image), {"z_step_um": None}, content_type="application/json")
    assert (gone.json()["pixel_size_um"], gone.json()["z_step_um"]) == (0.2, None)
