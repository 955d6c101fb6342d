from __future__ import annotations

import base64
import hashlib
from datetime import timedelta

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from annotations.actions import uploads
from annotations.actions.images import clean_name
from annotations.models import AuditEntry, Image, Upload
from project.storage import blob_path, scratch_dir

pytestmark = pytest.mark.django_db
TUS = {"Tus-Resumable": "1.0.0"}
DATA = bytes(range(256)) * 100


def b64(text):
    return base64.b64encode(text.encode()).decode()


def begin(client, project, size, name="cells.tif", tags="DAPI,batch 1", **headers):
    return client.post(
        f"/api/v1/projects/{project.pk}/uploads/",
        headers={
            **TUS,
            "Upload-Length": str(size),
            "Upload-Metadata": f"filename {b64(name)},tags {b64(tags)}",
            **headers,
        },
    )


def send(client, place, offset, piece, **headers):
    return client.patch(
        place,
        data=piece,
        content_type="application/offset+octet-stream",
        headers={**TUS, "Upload-Offset": str(offset), **headers},
    )


def left_over():
    return list(scratch_dir().iterdir())


@pytest.fixture
def client(as_person, annotator):
    return as_person(annotator)


def test_a_file_sent_in_pieces_becomes_an_image(client, project, annotator, sent_messages):
    place = begin(client, project, len(DATA))["Location"]
    first = send(client, place, 0, DATA[:10_000])
    last = send(client, place, 10_000, DATA[10_000:])

    image = Image.objects.get(pk=last["Cytoloop-Image"])
    assert (first.status_code, first["Upload-Offset"]) == (204, "10000")
    assert "Cytoloop-Image" not in first
    assert (image.name, image.tags, image.created_by) == (
        "cells.tif",
        ["DAPI", "batch 1"],
        annotator,
    )
    assert blob_path(image.original_digest).read_bytes() == DATA
    assert AuditEntry.objects.get().verb == "register_image"
    assert not Upload.objects.exists()
    assert left_over() == []


def test_an_upload_continues_where_it_stopped(client, project):
    place = begin(client, project, len(DATA))["Location"]
    send(client, place, 0, DATA[:500])

    state = client.head(place, headers=TUS)
    last = send(client, place, int(state["Upload-Offset"]), DATA[500:])

    assert (state["Upload-Offset"], state["Upload-Length"]) == ("500", str(len(DATA)))
    assert state["Cache-Control"] == "no-store"
    assert "Upload-Expires" in state
    assert last.status_code == 204


def test_bytes_of_a_crash_are_written_over(client, project):
    place = begin(client, project, len(DATA))["Location"]
    send(client, place, 0, DATA[:500])
    upload = Upload.objects.get()
    with uploads.path_of(upload).open("ab") as file:
        file.write(b"half a piece that was never counted")

    last = send(client, place, 500, DATA[500:])

    image = Image.objects.get(pk=last["Cytoloop-Image"])
    assert image.original_digest == hashlib.sha256(DATA).hexdigest()


def test_a_piece_at_the_wrong_place_is_refused(client, project):
    place = begin(client, project, 100)["Location"]

    answer = send(client, place, 50, b"x")

    assert answer.status_code == 409
    assert answer.json()["data"] == {"offset": 0}
    assert Upload.objects.get().received_bytes == 0


def test_more_bytes_than_announced_are_refused(client, project):
    place = begin(client, project, 10)["Location"]

    assert send(client, place, 0, b"x" * 11).status_code == 413


@pytest.mark.parametrize("algorithm", ["sha1", "sha256", "md5"])
def test_a_right_checksum_is_accepted(client, project, algorithm):
    place = begin(client, project, 100)["Location"]
    digest = base64.b64encode(hashlib.new(algorithm, b"abc").digest()).decode()

    answer = send(client, place, 0, b"abc", **{"Upload-Checksum": f"{algorithm} {digest}"})

    assert answer.status_code == 204


def test_a_damaged_piece_is_refused(client, project):
    place = begin(client, project, 100)["Location"]
    digest = base64.b64encode(hashlib.sha1(b"abd").digest()).decode()

    answer = send(client, place, 0, b"abc", **{"Upload-Checksum": f"sha1 {digest}"})

    assert answer.status_code == 460
    assert Upload.objects.get().received_bytes == 0


@pytest.mark.parametrize("checksum", ["crc32 AAAA", "sha1 not base64!", "sha1"])
def test_an_odd_checksum_is_refused(client, project, checksum):
    place = begin(client, project, 100)["Location"]

    assert send(client, place, 0, b"abc", **{"Upload-Checksum": checksum}).status_code in (400, 460)


def test_another_version_of_the_protocol_is_refused(client, project):
    answer = begin(client, project, 10, **{"Tus-Resumable": "0.2.2"})

    assert (answer.status_code, answer["Tus-Version"]) == (412, "1.0.0")


def test_a_file_that_is_too_large_is_refused(client, project, settings):
    settings.CYTOLOOP_MAX_UPLOAD_MIB = 1

    assert begin(client, project, (1 << 20) + 1).status_code == 413
    assert begin(client, project, 1 << 20).status_code == 201


def test_a_piece_that_is_too_large_is_refused(client, project):
    place = begin(client, project, 20 << 20)["Location"]

    assert send(client, place, 0, bytes((8 << 20) + 1)).status_code == 413


@pytest.mark.parametrize("length", ["", "-1", "ten", "1e3", "٣", "9" * 40])
def test_an_odd_length_is_refused(client, project, length):
    headers = {**TUS, "Upload-Length": length} if length.isascii() else TUS

    assert (
        client.post(f"/api/v1/projects/{project.pk}/uploads/", headers=headers).status_code == 400
    )


def test_a_piece_of_another_type_is_refused(client, project):
    place = begin(client, project, 10)["Location"]

    answer = client.patch(
        place, b"{}", content_type="application/json", headers={**TUS, "Upload-Offset": "0"}
    )

    assert answer.status_code == 415


def test_an_empty_file_becomes_an_image_at_once(client, project):
    answer = begin(client, project, 0)

    assert Image.objects.get(pk=answer["Cytoloop-Image"]).size_bytes == 0
    assert left_over() == []


def test_the_same_file_again_names_the_image_it_is(client, project):
    for name in ("one.tif", "two.tif"):
        answer = send(client, begin(client, project, len(DATA), name)["Location"], 0, DATA)

    assert answer.status_code == 409
    assert answer.json()["code"] == "duplicate_image"
    assert answer.json()["data"]["image"] == str(Image.objects.get().pk)
    assert not Upload.objects.exists()
    assert left_over() == []


def test_an_upload_can_be_given_up(client, project):
    place = begin(client, project, 100)["Location"]
    send(client, place, 0, b"abc")

    assert client.delete(place, headers=TUS).status_code == 204
    assert client.head(place, headers=TUS).status_code == 404
    assert left_over() == []


def test_uploads_that_nobody_continued_are_forgotten(client, project):
    import os

    place = begin(client, project, 100)["Location"]
    send(client, place, 0, b"abc")
    old = timezone.now() - uploads.LIFETIME - timedelta(minutes=1)
    Upload.objects.update(created_at=old)
    os.utime(uploads.path_of(Upload.objects.get()), (old.timestamp(), old.timestamp()))

    begin(client, project, 50)

    assert Upload.objects.get().size_bytes == 50
    assert left_over() == []


def test_an_upload_whose_bytes_are_gone_begins_anew_and_is_never_filled_up(client, project):
    place = begin(client, project, len(DATA))["Location"]
    send(client, place, 0, DATA[:10_000])
    uploads.path_of(Upload.objects.get()).unlink()  # tidied away, or a restored backup

    answer = send(client, place, 10_000, DATA[10_000:])

    assert answer.status_code == 404
    assert not Image.objects.exists()
    assert client.head(place, headers=TUS).status_code == 404


def test_a_last_piece_that_came_to_nothing_is_asked_for_again(client, project, monkeypatch):
    place = begin(client, project, len(DATA))["Location"]
    send(client, place, 0, DATA[:10_000])
    with monkeypatch.context() as broken:
        broken.setattr(uploads, "register_image", lambda **_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            send(client, place, 10_000, DATA[10_000:])

    assert client.head(place, headers=TUS)["Upload-Offset"] == "10000"
    assert send(client, place, 10_000, DATA[10_000:]).status_code == 204
    assert Image.objects.count() == 1


def test_two_requests_do_not_write_to_one_upload(client, project):
    place = begin(client, project, len(DATA))["Location"]

    with uploads.alone_with(Upload.objects.get()):
        answer = send(client, place, 0, DATA)

    assert (answer.status_code, answer.json()["code"]) == (423, "upload_busy")


def test_a_full_disk_is_told_before_the_transfer(client, project, monkeypatch):
    monkeypatch.setattr(uploads, "free_bytes", lambda: 1 << 20)

    answer = begin(client, project, 1 << 20)

    assert (answer.status_code, answer.json()["code"]) == (507, "storage_full")


def test_only_its_own_person_may_continue_an_upload(client, project, as_person, owner):
    place = begin(client, project, 100)["Location"]

    for answer in (
        send(as_person(owner), place, 0, b"abc"),
        as_person(owner).head(place, headers=TUS),
        as_person(owner).delete(place, headers=TUS),
    ):
        assert answer.status_code == 404


@pytest.mark.parametrize(("name", "status"), [("viewer", 403), ("stranger", 404), ("owner", 201)])
def test_who_may_upload(people, as_person, project, name, status):
    assert begin(as_person(people[name]), project, 10).status_code == status


def test_someone_removed_from_the_project_cannot_finish(client, project, annotator):
    place = begin(client, project, 3)["Location"]
    annotator.memberships.all().delete()

    assert send(client, place, 0, b"abc").status_code == 404
    assert not Image.objects.exists()


def test_without_a_login_nothing_is_taken(client, project):
    client.logout()

    assert begin(client, project, 10).status_code in (401, 403)


def test_what_the_server_can_do_is_told_to_anyone(client, project):
    client.logout()

    answer = client.options(f"/api/v1/projects/{project.pk}/uploads/")

    assert answer.status_code == 204
    assert answer["Tus-Extension"] == "creation,checksum,expiration,termination"


def test_a_session_without_a_csrf_token_is_refused(project, annotator):
    from django.test import Client

    client = Client(enforce_csrf_checks=True)
    client.force_login(annotator, backend="django.contrib.auth.backends.ModelBackend")

    assert begin(client, project, 10).status_code == 403


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.text(max_size=400) | st.sampled_from(["../../etc/passwd", "a\0b", "CON", "\u202egnp.exe"])
)
def test_a_file_name_is_only_ever_shown(name):
    shown = clean_name(name)

    assert 0 < len(shown) <= 255
    assert "/" not in shown
    assert shown.isprintable()


@pytest.mark.parametrize("part", ["../x", "..%2fx", "x", "00000000-0000-0000-0000-000000000000"])
def test_an_odd_upload_address_is_not_found(client, part):
    assert client.head(f"/api/v1/uploads/{part}/", headers=TUS).status_code == 404
