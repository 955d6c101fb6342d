from __future__ import annotations

import uuid

import pytest

from annotations.actions.activity import record_activity
from annotations.actions.labels import ensure_annotation_layer
from annotations.actions.regions import reopen_region, submit_region
from annotations.models import Coverage, LabelOp, Region
from tests.annotations.painting import paint_box
from tests.factories import ProjectFactory
from tests.people import make_person
from tests.training.worlds import annotated_image, declare, small_world
from training.actions.runs import cancel_run, queue_run
from training.jobs import news
from training.models import ModelVersion, Round
from training.queries.plans import BadChannels
from training.queries.rounds import labelled_now

pytestmark = pytest.mark.django_db


def train(user, project, **fields):
    run = queue_run(user=user, project=project, **{"engine": "threshold", **fields})
    return Round.objects.get(training_set=run.training_set)


def work(user, image, seconds):
    record_activity(
        user=user, image_id=image.pk, session=uuid.uuid4(), n=0, active_s=float(seconds)
    )


def version_of(project, number=1, engine="threshold"):
    return ModelVersion.objects.create(
        project=project,
        number=number,
        engine=engine,
        origin="scratch",
        checkpoint_digest="0" * 64,
        size_bytes=1,
    )


@pytest.fixture
def told(monkeypatch):
    events = []
    monkeypatch.setattr(news, "publish", lambda channel, event: events.append((channel, event)))
    return events


def test_the_first_round_holds_all_that_was_done(owner, annotator, project, world):
    work(annotator, world["train"][0], 20)
    work(owner, world["validation"][0], 15)

    first = train(owner, project)

    assert first.number == 1
    assert first.before is None
    assert (first.n_images, first.n_regions) == (3, 3)
    assert first.n_instances == first.training_set.n_instances
    assert first.n_ops == LabelOp.objects.count() == 3
    assert first.active_s == 35
    assert first.began_at == LabelOp.objects.earliest("created_at").created_at
    assert first.began_at < first.ended_at


def test_the_same_set_again_is_the_same_round(owner, project, world):
    assert train(owner, project) == train(owner, project, seed=2)
    assert Round.objects.count() == 1


def test_the_next_round_holds_only_what_came_since(owner, project, world):
    work(owner, world["train"][0], 20)
    first = train(owner, project)
    version = version_of(project)
    image, _ = annotated_image(owner, project, seed=50, name="new")
    work(owner, image, 7)

    second = train(owner, project)

    assert (second.number, second.before) == (2, version)
    assert second.began_at == first.ended_at
    assert (second.n_images, second.n_regions, second.n_ops) == (1, 1, 1)
    gained = second.training_set.n_instances - first.training_set.n_instances
    assert second.n_instances == gained > 0
    assert second.active_s == 7


def test_the_newest_version_stands_before_the_round_whatever_engine_made_it(owner, project, world):
    version_of(project, 1, "threshold")
    newest = version_of(project, 2, "stardist")

    assert train(owner, project).before == newest


def test_a_region_submitted_again_untouched_is_nothing_new(owner, project, world):
    first = train(owner, project)
    region = Region.objects.filter(image=world["train"][0]).get()
    reopen_region(user=owner, region_id=region.pk)
    submit_region(user=owner, region_id=region.pk)

    assert labelled_now(project, first).n_regions == 0
    assert train(owner, project) == first


def test_a_region_corrected_and_submitted_again_counts_with_all_its_objects(owner, project, world):
    first = train(owner, project)
    image = world["train"][0]
    region = Region.objects.filter(image=image).get()
    reopen_region(user=owner, region_id=region.pk)
    layer = ensure_annotation_layer(user=owner, image=image)
    before = layer.instances.filter(area_px__gt=0).count()
    paint_box(owner, layer, (0, 0, 3, 3))
    submit_region(user=owner, region_id=region.pk)

    second = train(owner, project)

    assert (second.n_images, second.n_regions) == (1, 1)
    assert before <= second.n_instances <= before + 1
    assert second.number == first.number + 1


def test_two_regions_of_one_image_are_one_image(owner, project, world):
    train(owner, project)
    image = world["plain"][0]
    layer = ensure_annotation_layer(user=owner, image=image)
    paint_box(owner, layer, (10, 10, 20, 20))
    declare(owner, image, box=(0, 0, 80, 160))
    declare(owner, image, box=(80, 0, 160, 160))

    second = train(owner, project)

    assert (second.n_images, second.n_regions, second.n_instances) == (1, 2, 1)


def test_what_does_not_teach_is_not_counted(owner, project, world):
    train(owner, project)
    image = world["plain"][0]
    declare(owner, image, box=(0, 0, 80, 160), coverage=Coverage.IGNORE)

    assert labelled_now(project, Round.objects.get()).n_regions == 0


def test_a_promise_taken_back_makes_a_round_without_anything_new(owner, project, world):
    train(owner, project)
    region = Region.objects.filter(image=world["train"][1]).get()
    reopen_region(user=owner, region_id=region.pk)

    second = train(owner, project)

    assert (second.number, second.n_regions, second.n_instances) == (2, 0, 0)


def test_other_projects_do_not_mix_in(owner, project, world):
    elsewhere = ProjectFactory()
    make_person("owner", elsewhere, "owner")
    other = small_world(owner, elsewhere, n_train=1, n_plain=0)
    work(owner, other["train"][0], 50)
    version_of(elsewhere)

    first = train(owner, project)

    assert (first.n_images, first.n_ops, first.active_s, first.before) == (3, 3, 0, None)


def test_a_run_that_is_refused_closes_nothing(owner, project, world):
    with pytest.raises(BadChannels):
        train(owner, project, channels=[5])

    assert not Round.objects.exists()


def test_a_cancelled_run_leaves_its_round_closed(owner, project, world):
    run = queue_run(user=owner, project=project, engine="threshold")
    cancel_run(user=owner, run=run)

    assert Round.objects.get().training_set == run.training_set


def test_open_pages_hear_of_it_once(owner, project, world, told):
    train(owner, project)
    train(owner, project)

    rounds = [(channel, event) for channel, event in told if event["type"] == "round"]
    assert rounds == [(f"project:{project.pk}", {"type": "round", "number": 1})]
