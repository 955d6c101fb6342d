"""Suggestions over REST: what comes back, what is refused, at what cost in SQL."""

from __future__ import annotations

import json
import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from annotations.actions.regions import delete_region, open_region
from annotations.models import AuditEntry, Purpose, Region, RegionState, Role
from tests.factories import ImageFactory
from tests.people import make_person
from training.models import (
    ModelVersion,
    PredictionRun,
    RunState,
    Selection,
    Strategy,
    Suggestion,
    SuggestionState,
)

pytestmark = pytest.mark.django_db


def make_selection(project, n=3, state=RunState.FINISHED, **fields):
    """Make a selection as the job leaves it."""
    selection = Selection.objects.create(project=project, state=state, n_wanted=n, **fields)
    for rank in range(1, n + 1):
        Suggestion.objects.create(
            selection=selection,
            rank=rank,
            image=ImageFactory(project=project),
            row0=10,
            col0=20,
            row1=310,
            col1=330,
            strategy=Strategy.TYPICAL,
            purpose=Purpose.BLIND_VALIDATION if rank == 2 else Purpose.TRAINING,
            reason="Typical of 4 regions that look like this.",
            score=1.5,
            facts={"n_alike": 4},
        )
    return selection


@pytest.fixture
def selection(project):
    return make_selection(project)


@pytest.fixture
def suggestion(selection):
    return selection.suggestions.get(rank=1)


@pytest.fixture
def address(project):
    return f"/api/v1/projects/{project.pk}/suggestions/"


def post(client, path, body=None):
    return client.post(path, json.dumps(body or {}), content_type="application/json")


def take(client, suggestion):
    return post(client, f"/api/v1/suggestions/{suggestion.pk}/take/")


def dismiss(client, suggestion):
    return post(client, f"/api/v1/suggestions/{suggestion.pk}/dismiss/")


# --- reading ------------------------------------------------------------------------------------


def test_a_project_without_a_selection_has_none(as_person, viewer, address):
    assert as_person(viewer).get(address).json() == {"selection": None, "suggestions": []}


def test_suggestions_come_with_their_image_place_and_reason(
    as_person, viewer, address, selection, suggestion
):
    answer = as_person(viewer).get(address).json()

    assert answer["selection"]["id"] == str(selection.pk)
    assert answer["selection"]["state"] == "finished"
    assert answer["selection"]["version"] is None
    image = suggestion.image
    assert answer["suggestions"][0] == {
        "id": str(suggestion.pk),
        "rank": 1,
        "image": {
            "id": str(image.pk),
            "name": image.name,
            "width": 900,
            "height": 700,
            "n_z": 1,
            "n_t": 1,
            "thumbnail": f"/api/v1/images/{image.pk}/thumbnail/",
        },
        "box": [10, 20, 310, 330],
        "t": 0,
        "z": 0,
        "purpose": "training",
        "strategy": "typical",
        "reason": "Typical of 4 regions that look like this.",
        "score": 1.5,
        "facts": {"n_alike": 4},
        "state": "open",
        "region": None,
        "region_state": None,
    }
    assert [one["rank"] for one in answer["suggestions"]] == [1, 2, 3]


def test_while_a_newer_selection_is_made_the_last_finished_one_is_shown(
    as_person, viewer, project, address, selection
):
    make_selection(project, n=0, state=RunState.QUEUED)

    answer = as_person(viewer).get(address).json()

    assert answer["selection"]["state"] == "queued"
    assert len(answer["suggestions"]) == 3


def test_dismissed_suggestions_are_not_shown_and_taken_ones_are(
    as_person, annotator, address, selection
):
    client = as_person(annotator)
    first, second, _ = selection.suggestions.order_by("rank")
    take(client, first)
    dismiss(client, second)

    shown = client.get(address).json()["suggestions"]

    assert [(one["rank"], one["state"]) for one in shown] == [(1, "taken"), (3, "open")]


def test_the_list_costs_the_same_however_many_there_are(as_person, viewer, project, address):
    client = as_person(viewer)
    make_selection(project, n=1)
    client.get(address)
    with CaptureQueriesContext(
        connection,
    ) as few:
        client.get(address)
    make_selection(project, n=20)
    with CaptureQueriesContext(connection) as many:
        client.get(address)

    assert len(many) == len(few) <= 7


@pytest.mark.parametrize("role", ["stranger", None])
def test_outsiders_see_nothing(as_person, client, people, address, role):
    answer = (as_person(people[role]) if role else client).get(address)

    assert answer.status_code == (404 if role else 401)


# --- asking -------------------------------------------------------------------------------------


def test_asking_queues_a_selection(as_person, annotator, project, address, sent_messages):
    answer = post(as_person(annotator), address, {"n": 5, "seed": 7})

    assert answer.status_code == 202
    selection = Selection.objects.get()
    shown = answer.json()
    assert (shown["id"], shown["state"], shown["n_wanted"]) == (str(selection.pk), "queued", 5)
    assert (selection.seed, selection.created_by, selection.version) == (7, annotator, None)
    assert AuditEntry.objects.get(verb="suggest_regions").user == annotator


def test_the_message_leaves_with_the_row(
    as_person, annotator, address, sent_messages, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        post(as_person(annotator), address)

    assert sent_messages() == [("default", "select_regions", (str(Selection.objects.get().pk),))]


def test_with_drafts_the_version_is_named_and_its_engines_queue_used(
    as_person, annotator, project, address, sent_messages, django_capture_on_commit_callbacks
):
    for number in (1, 2, 3):
        version = ModelVersion.objects.create(
            project=project,
            number=number,
            engine="stardist",
            origin="scratch",
            checkpoint_digest="a" * 64,
            size_bytes=1,
        )
        if number < 3:
            PredictionRun.objects.create(
                version=version,
                image=ImageFactory(project=project),
                state=RunState.FINISHED,
            )
    with django_capture_on_commit_callbacks(execute=True):
        shown = post(as_person(annotator), address).json()

    assert shown["version"]["name"] == "stardist v2"
    assert [queue for queue, *_ in sent_messages()] == ["predict.stardist"]


def test_one_that_is_under_way_is_returned(as_person, annotator, owner, address):
    first = post(as_person(annotator), address, {"n": 3}).json()

    again = post(as_person(owner), address, {"n": 9})

    assert (again.status_code, again.json()["id"]) == (202, first["id"])
    assert Selection.objects.count() == 1
    assert AuditEntry.objects.filter(verb="suggest_regions").count() == 1


def test_who_asks_again_gets_another_seed(as_person, annotator, address, selection):
    assert post(as_person(annotator), address).json()["seed"] == 1


@pytest.mark.parametrize(
    "body", [{"n": 0}, {"n": 65}, {"n": "many"}, {"seed": -1}, {"seed": 2**31}]
)
def test_a_wish_that_cannot_be_is_refused(as_person, annotator, address, body):
    answer = post(as_person(annotator), address, body)

    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_input")
    assert not Selection.objects.exists()


def test_a_viewer_may_not_ask(as_person, viewer, address):
    assert post(as_person(viewer), address).status_code == 403


# --- taking -------------------------------------------------------------------------------------


def test_taking_opens_the_region_with_its_purpose(as_person, annotator, selection):
    blind = selection.suggestions.get(rank=2)

    answer = take(as_person(annotator), blind)

    region = Region.objects.get()
    assert (answer.status_code, answer.json()["region"]) == (200, str(region.pk))
    assert answer.json()["state"] == "taken"
    assert (region.row0, region.col0, region.row1, region.col1) == (10, 20, 310, 330)
    assert (region.coverage, region.purpose) == ("complete", Purpose.BLIND_VALIDATION)
    assert (region.state, region.opened_by) == (RegionState.OPEN, annotator)
    entry = AuditEntry.objects.get(verb="take_suggestion")
    assert (entry.user, entry.data["region"]) == (annotator, str(region.pk))


def test_taking_twice_opens_one_region(as_person, annotator, suggestion):
    first, again = (take(as_person(annotator), suggestion) for _ in range(2))

    assert first.json() == again.json()
    assert Region.objects.count() == 1
    assert AuditEntry.objects.filter(verb="take_suggestion").count() == 1


def test_what_somebody_else_took_cannot_be_taken(as_person, annotator, project, suggestion):
    take(as_person(make_person("quick", project, Role.ANNOTATOR)), suggestion)

    answer = take(as_person(annotator), suggestion)

    assert (answer.status_code, answer.json()["code"]) == (409, "suggestion_decided")
    assert answer.json()["data"]["region"] == str(Region.objects.get().pk)


def test_after_its_region_was_deleted_it_may_be_taken_again(
    as_person, annotator, owner, suggestion
):
    take(as_person(owner), suggestion)
    delete_region(user=owner, region_id=Region.objects.get().pk)

    answer = take(as_person(annotator), suggestion)

    assert answer.status_code == 200
    assert answer.json()["region"] == str(Region.objects.get().pk)


def test_a_place_that_got_a_region_meanwhile_is_refused_and_the_suggestion_stays_open(
    as_person, annotator, suggestion
):
    open_region(user=annotator, image_id=suggestion.image_id, box=(0, 0, 50, 50))

    answer = take(as_person(annotator), suggestion)

    assert (answer.status_code, answer.json()["code"]) == (409, "regions_overlap")
    suggestion.refresh_from_db()
    assert suggestion.state == SuggestionState.OPEN


# --- dismissing ---------------------------------------------------------------------------------


def test_dismissing_is_remembered_with_who_did_it(as_person, annotator, suggestion):
    answers = [dismiss(as_person(annotator), suggestion) for _ in range(2)]

    assert [(one.status_code, one.json()["state"]) for one in answers] == [(200, "dismissed")] * 2
    suggestion.refresh_from_db()
    assert (suggestion.decided_by, suggestion.decided_at is None) == (annotator, False)
    assert AuditEntry.objects.get(verb="dismiss_suggestion").user == annotator


def test_what_is_dismissed_cannot_be_taken_nor_what_is_taken_dismissed(
    as_person, annotator, selection
):
    client = as_person(annotator)
    first, second, _ = selection.suggestions.order_by("rank")
    dismiss(client, first)
    take(client, second)

    answers = [take(client, first), dismiss(client, second)]

    assert [one.json()["code"] for one in answers] == ["suggestion_decided"] * 2
    assert [one.status_code for one in answers] == [409] * 2


@pytest.mark.parametrize("act", [take, dismiss])
def test_deciding_needs_an_annotator_of_the_project(as_person, people, client, suggestion, act):
    assert act(client, suggestion).status_code == 401
    assert act(as_person(people["stranger"]), suggestion).status_code == 404
    assert act(as_person(people["viewer"]), suggestion).status_code == 403
    assert act(as_person(people["annotator"]), suggestion).status_code == 200


@pytest.mark.parametrize("verb", ["take", "dismiss"])
def test_a_suggestion_that_does_not_exist_is_not_found(as_person, annotator, verb):
    answer = post(as_person(annotator), f"/api/v1/suggestions/{uuid.uuid4()}/{verb}/")

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert answer.json()["message"].endswith(".")


@pytest.mark.parametrize(("act", "most"), [(take, 32), (dismiss, 12)])
def test_deciding_costs_a_known_number_of_statements(as_person, annotator, selection, act, most):
    client = as_person(annotator)
    act(client, selection.suggestions.get(rank=1))

    with CaptureQueriesContext(connection) as statements:
        act(client, selection.suggestions.get(rank=3))

    assert len(statements) - 1 <= most
