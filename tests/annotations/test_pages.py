from __future__ import annotations

import uuid

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from annotations.models import (
    Activity,
    ImageState,
    Instance,
    LayerKind,
    LayerSnapshot,
    Membership,
    Purpose,
    RegionState,
    Role,
)
from annotations.pages.images import steps_of
from annotations.queries.contributions import Contribution, contributions
from annotations.queries.overview import ProjectOverview, neighbours, project_overviews
from tests.factories import ImageFactory, LayerFactory, ProjectFactory, RegionFactory
from tests.people import client_of, make_person

pytestmark = pytest.mark.django_db


@pytest.fixture
def image(project):
    return ImageFactory(project=project)


@pytest.fixture
def pages(project, image):
    return [
        reverse("project", args=[project.pk]),
        reverse("people", args=[project.pk]),
        reverse("editor", args=[image.pk]),
    ]


def writes(queries):
    # A union begins with a bracket.
    starts = ("SELECT", "WITH")
    return [q["sql"] for q in queries if q["sql"].lstrip("(").split()[0] not in starts]


@pytest.mark.parametrize("name", ["owner", "reviewer", "annotator", "viewer"])
def test_every_member_sees_every_page(people, pages, name):
    for page in pages:
        assert client_of(people[name]).get(page).status_code == 200


def test_a_stranger_gets_the_answer_of_a_wrong_address(stranger, pages, project):
    client = client_of(stranger)

    for page in pages:
        answer = client.get(page)
        assert answer.status_code == 404
        assert project.name not in answer.content.decode()


def test_someone_not_logged_in_is_asked_to(pages):
    for page in pages:
        answer = Client().get(page)
        assert answer.status_code == 302
        assert answer.url == f"/accounts/login/?next={page}"


def test_a_wrong_address_is_a_page_too(owner, project):
    for name in ("project", "people", "editor"):
        answer = client_of(owner).get(reverse(name, args=[uuid.uuid4()]))
        assert answer.status_code == 404
        assert b"Go to your projects" in answer.content


def test_looking_writes_nothing(owner, pages, django_assert_max_num_queries):
    client = client_of(owner)

    for page in pages:
        with django_assert_max_num_queries(12) as seen:
            client.get(page)
        assert writes(seen.captured_queries) == []


def test_the_number_of_statements_does_not_grow_with_the_project(
    owner, project, django_assert_max_num_queries
):
    for _ in range(6):
        picture = ImageFactory(project=project)
        LayerFactory(image=picture, seq=1)
        make_person(f"helper{picture.name}", project, Role.ANNOTATOR)
    client = client_of(owner)

    with django_assert_max_num_queries(8):
        client.get(reverse("project", args=[project.pk]))
    with django_assert_max_num_queries(8):
        client.get(reverse("people", args=[project.pk]))


@pytest.mark.parametrize(("state", "ready"), [(ImageState.READY, "1"), (ImageState.FAILED, "")])
def test_the_loop_is_shown_when_there_is_an_image_to_paint(viewer, project, state, ready):
    ImageFactory(project=project, state=state)

    text = client_of(viewer).get(reverse("project", args=[project.pk])).content.decode()

    place = text[text.index('data-island="project-loop"') :]
    tag = place[: place.index(">")]
    assert f'data-ready="{ready}"' in tag
    assert 'data-annotate=""' in tag, "a viewer looks and cannot act"


def test_no_page_has_a_script_of_its_own(owner, pages):
    for page in pages:
        text = client_of(owner).get(page).content.decode()
        assert text.count("<script") == text.count('<script type="module" src=')
        assert " onclick=" not in text


def test_a_name_cannot_smuggle_markup(owner):
    project = ProjectFactory(name="<script>alert(1)</script>")
    make_person("owner", project, Role.OWNER)

    text = client_of(owner).get(reverse("project", args=[project.pk])).content.decode()

    assert "<script>alert(1)" not in text
    assert "&lt;script&gt;alert(1)" in text


@pytest.mark.parametrize(
    ("state", "says"), [(ImageState.FAILED, "too many pixels"), (ImageState.QUEUED, "being read")]
)
def test_an_image_that_is_not_ready_says_why(owner, project, state, says):
    image = ImageFactory(project=project, state=state, error_message="It has too many pixels.")

    answer = client_of(owner).get(reverse("editor", args=[image.pk]))

    assert answer.status_code == 422
    assert says in answer.content.decode()


def test_the_editor_knows_the_images_before_and_after(project):
    names = ["b.tif", "A.tif", "c.tif", "a.tif"]
    made = {name: ImageFactory(project=project, name=name) for name in names}
    ImageFactory(project=project, name="bb.tif", state=ImageState.FAILED)

    before, after = neighbours(made["b.tif"])

    assert before in {made["A.tif"].pk, made["a.tif"].pk}
    assert after == made["c.tif"].pk
    assert neighbours(made["c.tif"])[1] is None


def test_walking_forward_and_back_visits_every_image_once(project):
    made = [ImageFactory(project=project, name=name) for name in ("x", "X", "y", "y", "Z")]
    by_id = {image.pk: image for image in made}
    here = next(image for image in made if neighbours(image)[0] is None)

    walked = [here]
    while (following := neighbours(walked[-1])[1]) is not None:
        assert neighbours(by_id[following])[0] == walked[-1].pk
        walked.append(by_id[following])

    assert len({image.pk for image in walked}) == len(made)


def overview(**counts):
    names = ("n_images", "n_ready", "n_failed", "n_annotated", "n_regions", "n_blind", "n_drafted")
    return ProjectOverview(project=None, role="owner", **{**dict.fromkeys(names, 0), **counts})


@pytest.mark.parametrize(
    ("counts", "now"),
    [
        ({}, 0),
        ({"n_images": 2}, 0),
        ({"n_images": 2, "n_ready": 1}, 1),
        ({"n_images": 2, "n_ready": 2, "n_annotated": 1}, 2),
        ({"n_images": 2, "n_ready": 2, "n_annotated": 1, "n_regions": 1}, 3),
        ({"n_images": 2, "n_ready": 2, "n_annotated": 1, "n_regions": 1, "n_drafted": 2}, None),
    ],
)
def test_the_next_step_is_the_first_that_is_not_done(counts, now):
    steps = steps_of(overview(**counts))

    assert [place for place, step in enumerate(steps) if step.is_now] == (
        [] if now is None else [now]
    )


def test_overviews_count_each_thing_once(owner, project):
    for _ in range(3):
        image = ImageFactory(project=project, thumbnail_digest="0" * 64)
        layer = LayerFactory(image=image, seq=2)
        LayerFactory(image=image, kind=LayerKind.PREDICTION, name="draft")
        RegionFactory(image=image, layer=layer, purpose=Purpose.BLIND_VALIDATION)
    ImageFactory(project=project, state=ImageState.FAILED)

    (card,) = project_overviews(owner)

    assert (card.n_images, card.n_ready, card.n_failed) == (4, 3, 1)
    assert (card.n_annotated, card.n_drafted) == (3, 3)
    assert (card.n_regions, card.n_blind) == (0, 0), "an open region is only a promise"
    assert len(card.thumbnails) == 3
    assert RegionState.OPEN == "open"


def test_the_people_page_says_who_painted_what(owner, annotator, reviewer, project, image):
    layer = LayerFactory(image=image)
    for instance_id, person, area in ((1, annotator, 9), (2, annotator, 9), (3, annotator, 0)):
        Instance.objects.create(
            layer=layer, instance_id=instance_id, area_px=area, created_by=person
        )
    draft = LayerFactory(image=image, kind=LayerKind.PREDICTION, name="draft")
    Instance.objects.create(layer=draft, instance_id=1, area_px=9, created_by=annotator)
    RegionFactory(
        image=image,
        layer=layer,
        state=RegionState.SUBMITTED,
        submitted_by=annotator,
        snapshot=LayerSnapshot.objects.create(layer=layer, seq=0, manifest_digest="0" * 64),
    )
    for n in range(2):
        Activity.objects.create(
            image=image,
            user=annotator,
            session=uuid.uuid4(),
            n=n,
            active_s=1830,
            ended_at=timezone.now(),
        )

    assert contributions(project) == {annotator.pk: Contribution(2, 1, 3660.0)}
    page = client_of(reviewer).get(reverse("people", args=[project.pk])).content.decode()
    row = page[page.index("<strong>annotator") :]
    assert row[: row.index("</tr>")].count('<td class="num">2</td>') == 1
    assert "1 h 1 min" in row[: row.index("</tr>")]


def test_what_people_did_stays_when_they_leave(owner, annotator, viewer, project, image):
    layer = LayerFactory(image=image)
    Instance.objects.create(layer=layer, instance_id=1, area_px=9, created_by=annotator)
    Instance.objects.create(layer=layer, instance_id=2, area_px=9, created_by=viewer)
    Membership.objects.filter(user=annotator).delete()
    viewer.delete()

    page = client_of(owner).get(reverse("people", args=[project.pk])).content.decode()

    assert "left the project" in page
    assert "Deleted accounts" in page


def test_an_owner_adds_a_person_and_sees_the_link_once(owner, project):
    client = client_of(owner)

    answer = client.post(
        reverse("member-add", args=[project.pk]),
        {"username": "mei", "full_name": "Mei Tan", "role": "annotator"},
    )

    text = answer.content.decode()
    assert answer.status_code == 200
    assert "http://testserver/login/once/" in text
    assert "login/once" not in client.get(reverse("people", args=[project.pk])).content.decode()


def test_a_mistake_keeps_what_was_typed(owner, project):
    answer = client_of(owner).post(
        reverse("member-add", args=[project.pk]), {"username": "two words", "role": "viewer"}
    )

    assert answer.status_code == 400
    assert 'value="two words"' in answer.content.decode()


def test_an_annotator_can_change_nothing_on_the_people_page(annotator, viewer, project):
    client = client_of(annotator)
    member = Membership.objects.get(project=project, user=viewer)

    added = client.post(
        reverse("member-add", args=[project.pk]), {"username": "mei", "role": "owner"}
    )
    removed = client.post(reverse("member-remove", args=[project.pk, member.pk]))

    assert (added.status_code, removed.status_code) == (403, 403)
    assert "Add a person" not in client.get(reverse("people", args=[project.pk])).content.decode()


def test_an_owner_changes_a_role_and_is_told(owner, viewer, project):
    member = Membership.objects.get(project=project, user=viewer)

    answer = client_of(owner).post(
        reverse("member-role", args=[project.pk, member.pk]), {"role": "reviewer"}, follow=True
    )

    assert "viewer is now reviewer." in answer.content.decode()


def test_the_last_owner_reads_why_they_must_stay(owner, project):
    own = Membership.objects.get(project=project, user=owner)

    answer = client_of(owner).post(reverse("member-remove", args=[project.pk, own.pk]), follow=True)

    assert "make somebody else an owner first" in answer.content.decode()


def test_forms_need_their_token(owner, project):
    client = Client(enforce_csrf_checks=True)
    client.force_login(owner, backend="django.contrib.auth.backends.ModelBackend")

    answer = client.post(reverse("member-add", args=[project.pk]), {"username": "mei"})

    assert answer.status_code == 403
    assert "The form was out of date" in answer.content.decode()


def test_forms_cannot_be_opened_as_pages(owner, project):
    assert client_of(owner).get(reverse("member-add", args=[project.pk])).status_code == 405
