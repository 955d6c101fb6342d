"""What people may delete once a model has learned from it."""

from __future__ import annotations

import json

import pytest
from django.contrib.auth import get_user_model
from django.db.models import ProtectedError

from annotations.actions.images import ImageInUse, delete_image
from annotations.actions.regions import reopen_region
from annotations.models import Image, LabelLayer, LabelOp, LayerSnapshot, Region
from tests.drawing import draw_blobs
from tests.training.conftest import JOIN_S
from tests.training.worlds import annotated_image, declare, paint, stored_image, wait_for
from training import tasks
from training.actions.predictions import queue_predictions
from training.actions.runs import queue_run
from training.actions.sets import freeze_training_set
from training.models import Evaluation, ModelVersion, PredictionRun, RunState

pytestmark = pytest.mark.django_db(transaction=True)


def blobs():
    return draw_blobs(128, 128, n=4, radius=(7, 10), seed=77)[1]


def delete(client, path):
    answer = client.delete(f"/api/v1/{path}/")
    return answer.status_code, json.loads(answer.content) if answer.content else None


@pytest.fixture
def client(as_person, owner):
    return as_person(owner)


def test_an_image_with_submitted_regions_goes_while_no_set_names_it(client, owner, project):
    image, _ = annotated_image(owner, project, seed=5, name="cells")
    assert LayerSnapshot.objects.exists()

    assert delete(client, f"images/{image.pk}") == (204, None)

    for model in (Image, LabelLayer, LayerSnapshot, Region):
        assert not model.objects.exists()


def test_an_image_of_a_set_stays_and_the_answer_names_set_and_models(
    client, odd_engine, owner, project, world, work_off
):
    for _ in range(2):
        queue_run(user=owner, project=project, engine="threshold")
    work_off()
    image = world["train"][0]
    reopen_region(user=owner, region_id=image.regions.get().pk)
    freeze_training_set(user=owner, project=project)  # the second set is without it

    status, body = delete(client, f"images/{image.pk}")

    assert (status, body["code"]) == (409, "image_in_use")
    assert body["data"]["kept_by"] == ["training set 1 (model v1, v2)"]
    assert "training set 1 (model v1, v2)" in body["message"]
    assert "reopen" in body["message"]
    assert Image.objects.filter(pk=image.pk).exists()


def test_an_image_that_measures_stays_too(client, owner, project, world):
    freeze_training_set(user=owner, project=project)

    status, body = delete(client, f"images/{world['validation'][0].pk}")

    assert (status, body["code"]) == (409, "image_in_use")


def test_many_sets_are_counted_in_the_sentence_and_listed_in_the_data(owner, project, world):
    image = world["train"][0]
    for seed in range(11):
        annotated_image(owner, project, seed=100 + seed, name=f"more{seed}")
        freeze_training_set(user=owner, project=project)

    with pytest.raises(ImageInUse, match=r"training set 2, .* and 6 more") as refused:
        delete_image(user=owner, image_id=image.pk)

    assert refused.value.data["kept_by"] == [f"training set {n}" for n in range(1, 12)]


def test_a_region_that_a_set_names_can_be_taken_back_and_the_set_still_teaches(
    client, odd_engine, owner, project, world, work_off
):
    run = queue_run(user=owner, project=project, engine="threshold")
    region = world["train"][0].regions.get()
    status, body = delete(client, f"regions/{region.pk}")
    assert (status, body["code"]) == (409, "region_not_open")
    reopen_region(user=owner, region_id=region.pk)
    assert delete(client, f"regions/{region.pk}") == (204, None)

    work_off()

    run.refresh_from_db()
    assert run.state == RunState.FINISHED, run.error_message
    assert len(run.version.config["regions"]) == 3, "two to train on, one to validate"
    assert set(Evaluation.objects.values_list("state", flat=True)) == {RunState.FINISHED}


def test_projects_and_versions_have_no_address_to_delete_them(client, project):
    status, body = delete(client, f"projects/{project.pk}")

    assert (status, body["code"]) == (405, "method_not_allowed")


def test_rows_that_others_descend_from_are_protected(odd_engine, owner, project, world, work_off):
    queue_run(user=owner, project=project, engine="threshold")
    work_off()
    first = ModelVersion.objects.get()
    queue_run(user=owner, project=project, engine="threshold", start=f"version:{first.pk}")

    for row in (first, first.run, first.run.training_set, project):
        with pytest.raises(ProtectedError):
            row.delete()


def test_an_image_deleted_while_its_draft_is_made_leaves_nothing(
    odd_engine, owner, project, world, work_off, in_background
):
    queue_run(user=owner, project=project, engine="threshold")
    work_off()
    version = ModelVersion.objects.get()
    image = stored_image(project, blobs(), name="late")
    odd_engine(predict_s=3)
    queue_predictions(user=owner, version=version, images=[image.pk])
    working = in_background(lambda: tasks.predict.fn("threshold"))
    wait_for(lambda: PredictionRun.objects.get(image=image).state == RunState.RUNNING)
    delete_image(user=owner, image_id=image.pk)
    working.join(JOIN_S)

    assert not working.is_alive()
    assert not PredictionRun.objects.filter(image=image.pk).exists()
    assert not LabelLayer.objects.filter(image=image.pk).exists()


# --- accounts -----------------------------------------------------------------------------------


@pytest.fixture
def admin_client(as_person):
    return as_person(get_user_model().objects.create_superuser("root"))


def test_an_account_that_painted_is_not_deleted_in_the_admin(admin_client, annotator, project):
    image = stored_image(project, blobs(), name="a")
    layer = paint(annotator, image, blobs() > 90)
    assert LabelOp.objects.filter(layer=layer, user=annotator).exists()

    page = admin_client.post(f"/admin/auth/user/{annotator.pk}/delete/", {"post": "yes"})

    assert "has worked here" in page.content.decode()
    assert get_user_model().objects.filter(pk=annotator.pk).exists()


def test_the_only_owner_is_not_deleted_in_the_admin_a_viewer_is(
    admin_client, owner, viewer, project
):
    many = {"action": "delete_selected", "_selected_action": [owner.pk, viewer.pk], "post": "yes"}
    page = admin_client.post("/admin/auth/user/", many)
    assert f"only owner of {project}" in page.content.decode()
    assert get_user_model().objects.filter(pk__in=[owner.pk, viewer.pk]).count() == 2

    admin_client.post(f"/admin/auth/user/{viewer.pk}/delete/", {"post": "yes"})
    assert not get_user_model().objects.filter(pk=viewer.pk).exists()


def test_declaring_is_enough_to_stay(admin_client, annotator, project):
    declare(annotator, stored_image(project, blobs(), name="b"))

    admin_client.post(f"/admin/auth/user/{annotator.pk}/delete/", {"post": "yes"})

    assert get_user_model().objects.filter(pk=annotator.pk).exists()
