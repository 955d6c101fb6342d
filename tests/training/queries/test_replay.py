"""Replay: what ancestors learnt from and the run's set has not; nothing held out ever leaks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotations.actions.regions import reopen_region, submit_region
from annotations.imaging.pixels import open_pixels
from annotations.models import Purpose, Region, Split
from project.storage import blob_path, put_file
from tests.annotations.painting import paint_box
from tests.factories import ProjectFactory
from tests.people import make_person
from tests.training.starters import N_TILES, starters_dir, threshold_model, write_starter
from tests.training.worlds import annotated_image
from training.actions.runs import queue_run
from training.jobs.region_files import write_replay_files
from training.jobs.train import child_message, n_replayed
from training.models import ModelVersion
from training.queries.replay import Look, ReplayedRegion, evenly, replay_of
from training.supervision.archive import pack

__all__ = ["starters_dir", "threshold_model"]
database = pytest.mark.django_db


def made_version(project, run=None, **fields):
    config = {"normalisation": {"invert": True}}
    return ModelVersion.objects.create(
        project=project,
        number=ModelVersion.objects.filter(project=project).count() + 1,
        engine="stardist",
        run=run,
        parent=run.parent if run else None,
        checkpoint_digest="0" * 64,
        size_bytes=1,
        **{"origin": "scratch", "config": config, **fields},
    )


def queue(user, project, start="scratch", **fields):
    return queue_run(user=user, project=project, engine="stardist", start=start, **fields)


def image_of(one):
    return str(one.image["id"])


def replayed(run):
    return {image_of(one) for one in replay_of(run).regions}


@pytest.fixture
def parent(owner, project, world):
    """A version of the project, trained on its two training images."""
    return made_version(project, queue(owner, project, channels=[0]))


@pytest.fixture
def elsewhere(owner):
    """Another project of the same owner, with images of its own."""
    other = ProjectFactory()
    make_person("owner", other, "owner")
    annotated_image(owner, other, seed=31)
    annotated_image(owner, other, seed=32, purpose=Purpose.BLIND_VALIDATION)
    return other


@database
def test_what_taught_the_parent_in_another_project_is_replayed_as_it_was_shown(
    owner, parent, elsewhere, world
):
    run = queue(owner, elsewhere, f"version:{parent.pk}")

    assert replayed(run) == {str(image.pk) for image in world["train"]}, "none that measured"
    assert {one.look for one in replay_of(run).regions} == {Look((0,), True)}


@database
def test_what_is_in_the_own_set_is_not_replayed_but_what_was_taken_out_is(
    owner, project, parent, world
):
    assert not replayed(queue(owner, project, f"version:{parent.pk}"))

    out = world["train"][0]
    reopen_region(user=owner, region_id=out.regions.get().pk)

    assert replayed(queue(owner, project, f"version:{parent.pk}")) == {str(out.pk)}


@database
@pytest.mark.parametrize("split", [Split.VALIDATION, Split.TEST])
def test_an_image_that_is_held_out_now_is_not_replayed(owner, project, parent, world, split):
    world["train"][0].split = split
    world["train"][0].save()

    run = queue(owner, project, f"version:{parent.pk}")

    assert len(run.warnings) == 1, "its region is left out"
    assert not replayed(run)


@database
@pytest.mark.parametrize(("where", "n_replayed_images"), [("here", 0), ("elsewhere", 1)])
def test_an_image_of_a_group_that_measures_is_not_replayed(
    owner, project, elsewhere, where, n_replayed_images
):
    """Groups are of their project: plate 1 of another one is another plate."""
    image, _ = annotated_image(owner, project, seed=60, group="plate 1")
    version = made_version(project, queue(owner, project))
    there = project if where == "here" else elsewhere
    reopen_region(user=owner, region_id=image.regions.get().pk)
    annotated_image(owner, there, seed=61, group="plate 1", purpose=Purpose.BLIND_VALIDATION)
    annotated_image(owner, there, seed=62)

    run = queue(owner, there, f"version:{version.pk}")

    assert len(replayed(run)) == n_replayed_images


@database
def test_a_copy_of_a_held_out_image_is_not_replayed(owner, parent, elsewhere, world):
    measuring = Region.objects.get(image__project=elsewhere, purpose=Purpose.BLIND_VALIDATION).image
    measuring.original_digest = world["train"][0].original_digest
    measuring.save()

    run = queue(owner, elsewhere, f"version:{parent.pk}")

    assert replayed(run) == {str(world["train"][1].pk)}


@database
def test_of_a_region_the_newest_state_counts(owner, project, parent, world, elsewhere):
    image = world["train"][0]
    region = image.regions.get()
    reopen_region(user=owner, region_id=region.pk)
    paint_box(owner, region.layer, (0, 0, 12, 12))
    submit_region(user=owner, region_id=region.pk)
    child = made_version(project, queue(owner, project, f"version:{parent.pk}"))

    run = queue(owner, elsewhere, f"version:{child.pk}")

    region.refresh_from_db()
    found = {one.region["id"]: one.region["snapshot"] for one in replay_of(run).regions}
    assert len(found) == 2
    assert found[str(region.pk)] == str(region.snapshot_id)


@database
@pytest.mark.parametrize("start", ["scratch", "parent"])
def test_nothing_is_written_without_a_share_or_a_parent(owner, parent, elsewhere, tmp_path, start):
    params = {"replay_share": 0.0} if start == "parent" else {}
    start = f"version:{parent.pk}" if start == "parent" else start
    run = queue(owner, elsewhere, start, params=params)

    assert not write_replay_files(replay_of(run), tmp_path / "replay")
    assert not (tmp_path / "replay").exists()


@database
def test_the_child_is_told_files_split_channels_and_polarity(owner, parent, elsewhere, tmp_path):
    ModelVersion.objects.filter(pk=parent.pk).update(checkpoint_digest=put_zip(tmp_path))
    run = queue(owner, elsewhere, f"version:{parent.pk}")

    message = child_message(run, tmp_path)

    entries = [entry for entry in message["job"]["regions"] if entry["split"] == "replay"]
    assert n_replayed(message) == len(entries) == 2
    for entry in entries:
        assert (entry["channels"], entry["invert"]) == ([0], True)
        with np.load(entry["labels"]) as stored:
            assert stored["label_image"].any()
            assert stored["annotated"].all()
    own = [entry for entry in message["job"]["regions"] if entry["split"] != "replay"]
    assert sorted(entry["split"] for entry in own) == ["train", "validation"]
    assert not any("channels" in entry for entry in own)


def put_zip(folder):
    """Store a zip that can be unpacked."""
    (folder / "some").mkdir()
    (folder / "some" / "config.json").write_text("{}")
    pack(folder / "some", folder / "some.zip")
    return put_file(folder / "some.zip")


@database
def test_a_region_whose_pixels_are_gone_is_left_out_in_silence(
    owner, parent, elsewhere, world, tmp_path
):
    run = queue(owner, elsewhere, f"version:{parent.pk}")
    blob_path(world["train"][0].pixels_digest).unlink()

    entries = write_replay_files(replay_of(run), tmp_path)

    assert [entry["image_id"] for entry in entries] == [str(world["train"][1].pk)]


@database
def test_the_tiles_of_a_starter_model_are_replayed_as_images(
    owner, elsewhere, starters_dir, threshold_model, tmp_path
):
    write_starter(starters_dir, threshold_model, name="he", n_channels=3, engine="stardist")
    starter = made_version(elsewhere, origin="starter:he")
    child = made_version(elsewhere, queue(owner, elsewhere, f"version:{starter.pk}"))
    run = queue(owner, elsewhere, f"version:{child.pk}")

    entries = write_replay_files(replay_of(run), tmp_path)

    assert len({entry["image_id"] for entry in entries}) == N_TILES == len(entries)
    tiles = np.load(starters_dir / "he.npz")
    for number, entry in enumerate(entries):
        assert (entry["split"], entry["channels"], entry["invert"]) == ("replay", [0, 1, 2], True)
        with open_pixels(entry["pixels"]) as file:
            pixels = file.read(t=0, z=0, channels=(0, 1, 2), box=tuple(entry["box"]))
        assert np.array_equal(pixels, tiles[f"pixels_{number}"])
        with np.load(entry["labels"]) as stored:
            assert np.array_equal(stored["label_image"], tiles[f"labels_{number}"])
            assert stored["annotated"].all()
    assert write_replay_files(replay_of(run), tmp_path) == entries, "a second attempt, the same"


@database
def test_a_starter_model_that_no_longer_comes_along_replays_nothing(owner, elsewhere, starters_dir):
    gone = made_version(elsewhere, origin="starter:of-last-year")
    uploaded = made_version(elsewhere, origin="upload")

    for version in (gone, uploaded):
        assert not replay_of(queue(owner, elsewhere, f"version:{version.pk}")).starters


regions = st.lists(
    st.tuples(st.sampled_from("abcde"), st.integers(0, 40)), unique=True, max_size=60
).map(
    lambda pairs: [
        ReplayedRegion({"id": image}, {"id": f"{image}{k}"}, Look((0,), None)) for image, k in pairs
    ]
)


@given(regions, st.integers(0, 5), st.integers(1, 30))
def test_images_have_their_turns_alike_whatever_the_order(found, seed, most):
    chosen = evenly(found, seed, most)

    assert len(chosen) == min(most, len(found))
    assert evenly(reversed(found), seed, most) == chosen
    taken = {image: sum(image_of(one) == image for one in chosen) for image in map(image_of, found)}
    for image, n in taken.items():
        has_more = sum(image_of(one) == image for one in found) > n
        assert not has_more or n >= max(taken.values()) - 1


def test_another_seed_chooses_others():
    found = [ReplayedRegion({"id": "a"}, {"id": f"{k:02}"}, Look((0,), None)) for k in range(40)]

    assert evenly(found, 1, 5) != evenly(found, 2, 5)
