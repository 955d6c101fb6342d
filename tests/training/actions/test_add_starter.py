from __future__ import annotations

import pytest

from annotations.models import AuditEntry
from project.errors import NotAllowed, NotFound
from project.storage import read_blob
from tests.factories import ImageFactory, ProjectFactory
from tests.training.starters import NAME, starters_dir, threshold_model, write_starter
from training.actions.starters import StarterIsHere, add_starter
from training.models import ModelVersion, RunState, VersionUpload
from training.queries.plans import BadChannels
from training.queries.starters import starters, starters_of_project

__all__ = ["starters_dir", "threshold_model"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("starters_dir")]


def test_the_file_waits_to_be_adopted_under_the_card_s_licence(reviewer, project, sent_messages):
    upload = add_starter(user=reviewer, project=project, name=NAME)

    starter = starters()[0]
    assert read_blob(upload.upload_digest) == starter.model.read_bytes()
    assert (upload.state, upload.engine, upload.starter) == (RunState.QUEUED, "threshold", NAME)
    assert (upload.licence, upload.channels) == ("MIT", [0])
    assert AuditEntry.objects.get(verb="add_starter").data["starter"] == NAME


def test_who_may_not_upload_a_model_may_not_add_one(annotator, project):
    with pytest.raises(NotAllowed):
        add_starter(user=annotator, project=project, name=NAME)


@pytest.mark.parametrize("name", ["unknown", "", "../starters/drawn-blobs", "drawn-blobs.json"])
def test_a_name_that_is_not_offered_is_not_found(reviewer, project, name):
    with pytest.raises(NotFound, match="There is no starter model"):
        add_starter(user=reviewer, project=project, name=name)


def test_a_second_one_is_refused_while_the_first_waits_and_when_it_is_a_version(reviewer, project):
    upload = add_starter(user=reviewer, project=project, name=NAME)
    with pytest.raises(StarterIsHere, match="being added"):
        add_starter(user=reviewer, project=project, name=NAME)

    version = ModelVersion.objects.create(
        project=project, number=3, engine="threshold", origin=f"starter:{NAME}", size_bytes=1
    )
    VersionUpload.objects.filter(pk=upload.pk).update(state=RunState.FINISHED, version=version)
    with pytest.raises(StarterIsHere, match="it is threshold v3") as refused:
        add_starter(user=reviewer, project=project, name=NAME)
    assert refused.value.data == {"version": str(version.pk)}


def test_one_that_failed_may_be_added_again_and_its_last_try_counts(reviewer, project):
    first = add_starter(user=reviewer, project=project, name=NAME)
    VersionUpload.objects.filter(pk=first.pk).update(state=RunState.FAILED)

    second = add_starter(user=reviewer, project=project, name=NAME)

    assert list(starters_of_project(reviewer, project)) == [second]


def test_another_project_may_have_the_same_one(reviewer, project, stranger):
    add_starter(user=reviewer, project=project, name=NAME)
    other = ProjectFactory()
    other.memberships.create(user=reviewer, role="reviewer")

    assert add_starter(user=reviewer, project=other, name=NAME).project == other
    assert not starters_of_project(stranger, project).exists()


@pytest.mark.parametrize(
    ("channels", "sentence"),
    [
        ([0, 1], "Drawn blobs looks at 1 channel, but 2 were named."),
        ([-1], "Name each channel once"),
        (
            [2],
            r"Drawn blobs would look at channel 2 \(counted from 0\), but no image of this project "
            "has more than 2.",
        ),
    ],
)
def test_channels_that_the_images_have_not_are_refused(reviewer, project, channels, sentence):
    ImageFactory(project=project, n_channels=1)
    ImageFactory(project=project, n_channels=2)

    with pytest.raises(BadChannels, match=sentence):
        add_starter(user=reviewer, project=project, name=NAME, channels=channels)
    assert add_starter(user=reviewer, project=project, name=NAME, channels=[1]).channels == [1]


def test_a_model_for_colour_pictures_says_so_to_a_project_of_grey_ones(
    reviewer, project, starters_dir, threshold_model
):
    write_starter(starters_dir, threshold_model, name="colour", n_channels=3, title="H&E")
    ImageFactory(project=project, n_channels=1)

    with pytest.raises(BadChannels, match=r"no image of this project has more than 1\. It is made"):
        add_starter(user=reviewer, project=project, name="colour")


def test_one_with_a_broken_card_or_without_tiles_is_not_offered(starters_dir, threshold_model):
    for name in ("no-tiles", "no-ap"):
        write_starter(starters_dir, threshold_model, name=name)
    (starters_dir / "no-tiles.npz").unlink()
    write_starter(starters_dir, threshold_model, name="no-ap", test={})
    (starters_dir / "no-json.json").write_text("{")

    assert [starter.name for starter in starters()] == [NAME]
