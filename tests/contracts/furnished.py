"""A project that has one of everything, and the people who come to its doors."""

from __future__ import annotations

import io
import uuid
from dataclasses import dataclass
from typing import Any

import numpy as np

from annotations.actions.classes import create_class
from annotations.actions.drafts import store_prediction
from annotations.actions.labels import ensure_annotation_layer
from annotations.actions.uploads import append_piece, begin_upload
from annotations.actions.views import add_bookmark
from annotations.imaging.pyramid import plan_levels, write_pyramid
from annotations.models import (
    Bookmark,
    Image,
    ImageState,
    LabelLayer,
    Membership,
    ObjectClass,
    Project,
    Region,
    Role,
)
from project.accounts import new_login_path
from project.storage import put_bytes, put_file, scratch_dir
from project.tile_index import Geometry
from tests.annotations.painting import paint_box
from tests.drawing import draw_blobs
from tests.factories import (
    ImageFactory,
    InstanceFactory,
    LayerFactory,
    MembershipFactory,
    OpFactory,
    ProjectFactory,
    RegionFactory,
    UserFactory,
)
from tests.training.worlds import declare, small_world
from training.actions.runs import queue_run
from training.actions.versions import upload_version
from training.engines.base import PredictionArrays
from training.models import (
    EpochRecord,
    Evaluation,
    Example,
    ModelVersion,
    PredictionRun,
    Round,
    RunState,
    Selection,
    Strategy,
    Suggestion,
    TrainingRun,
    TrainingSet,
    VersionUpload,
)
from training.queries.prompts import Question, keep_answer
from training.supervision.details import write_details

A_PLACE = {"x": 1.5, "y": 2.5, "scale": 1.0}


@dataclass
class Furnished:
    """The rows of a project by what they are."""

    project: Project
    image: Image  # ready, with tiles, painted on, with a draft and an open region
    failed: Image
    layer: LabelLayer
    draft: LabelLayer
    region: Region  # open
    submitted: Region
    object_class: ObjectClass
    bookmark: Bookmark  # the annotator's
    upload: Any  # the annotator's
    run: TrainingRun  # waiting
    version: ModelVersion
    example: Example
    unmeasured: Evaluation  # failed
    waiting: PredictionRun
    predicted: PredictionRun  # finished, with outlines and maps
    model_upload: Any
    question: str  # its answer is there
    map_question: str
    suggestion: Suggestion
    member: Membership  # of an account that nobody used yet

    def ids(self, route: str) -> dict[str, Any]:
        """Return what the placeholders of a route stand for."""
        is_model = "version-uploads" in route
        uid, token = new_login_path(self.member.user).split("/")[3:5]
        return {
            "project_id": self.project.pk,
            "image_id": self.image.pk,
            "layer_id": self.layer.pk,
            "region_id": self.region.pk,
            "class_id": self.object_class.pk,
            "upload_id": self.model_upload.pk if is_model else self.upload.pk,
            "run_id": self.run.pk,
            "version_id": self.version.pk,
            "evaluation_id": self.unmeasured.pk,
            "example_id": self.example.pk,
            "set_id": self.run.training_set_id,
            "prediction_id": (self.waiting if "cancel" in route else self.predicted).pk,
            "suggestion_id": self.suggestion.pk,
            "member_id": self.member.pk,
            **dict.fromkeys(("plane", "level", "column", "row"), 0),
            "bookmark_id": self.bookmark.pk,
            "digest": self.layer.chunks.first().digest,
            "instance_id": 1,
            "seq": 1,
            "cy": 0,
            "cx": 0,
            "key": self.map_question if "maps" in route else self.question,
            "uidb64": uid,
            "token": token,
        }


def furnish(owner: Any, annotator: Any, project: Project) -> Furnished:
    """Make one of everything in a project, by the real actions where there are some."""
    images = small_world(owner, project)
    image = with_tiles(images["plain"][0])
    layer = ensure_annotation_layer(user=owner, image=image)
    paint_box(annotator, layer, (10, 10, 30, 30))
    draft = a_draft(image)
    run = queue_run(user=owner, project=project, engine="threshold")
    EpochRecord.objects.create(run=run, epoch=1, n_epochs=2, train_loss=0.5, duration_s=1.0)
    version = a_version(project, run)
    predicted = PredictionRun.objects.create(
        version=version,
        image=image,
        layer=draft,
        state=RunState.FINISHED,
        n_instances=3,
        keep_maps=True,
        details_digest=stored_details(image, n=3),
    )
    measured = Evaluation.objects.create(
        version=version,
        training_set=run.training_set,
        split="validation",
        state=RunState.FINISHED,
        metrics={"pooled": {"ap": {"0.5": 0.8}}},
    )
    return Furnished(
        project=project,
        image=image,
        failed=ImageFactory(
            project=project, state=ImageState.FAILED, error_message="It is no image."
        ),
        layer=layer,
        draft=draft,
        region=declare(owner, image, box=(0, 0, 50, 50), submit=False),
        submitted=Region.objects.filter(image__project=project, state="submitted").first(),
        object_class=create_class(user=owner, project_id=project.pk, name="mitosis"),
        bookmark=add_bookmark(user=annotator, image_id=image.pk, name="here", place=A_PLACE),
        upload=an_upload(annotator, project),
        run=run,
        version=version,
        example=Example.objects.create(
            evaluation=measured, image=image, picture_digest=put_bytes(b"a picture")
        ),
        unmeasured=Evaluation.objects.create(
            version=version,
            training_set=run.training_set,
            split="test",
            state=RunState.FAILED,
            error_message="An image was deleted and cannot be measured.",
        ),
        predicted=predicted,
        waiting=PredictionRun.objects.create(version=version, image=images["train"][0]),
        question=an_answer(image, version),
        map_question=a_map(image, version),
        model_upload=upload_version(
            user=owner,
            project=project,
            engine="threshold",
            stream=io.BytesIO(b"model"),
            file_name="model.zip",
            size_bytes=5,
        ),
        suggestion=a_suggestion(image, version),
        member=MembershipFactory(
            project=project, user=new_account("newcomer"), role=Role.ANNOTATOR
        ),
    )


def new_account(name: str) -> Any:
    """Make an account that nobody has logged into."""
    user = UserFactory(username=f"{name}-{uuid.uuid4().hex[:6]}")
    user.set_unusable_password()
    user.save()
    return user


def with_tiles(image: Image) -> Image:
    """Give an image all that reading its file would have made."""
    _, pixels = draw_blobs(image.height, image.width, n=5, seed=9)
    path = scratch_dir() / f"pyramid-{image.pk}.tif"
    geometry = Geometry(256, tuple(plan_levels(image.width, image.height, 256)), 1)
    view = (pixels / pixels.max() * 255).astype(np.uint8)
    write_pyramid(
        path,
        geometry,
        lambda plane, row0, row1: view[row0:row1],
        is_rgb=False,
        scratch=scratch_dir(),
    )
    image.pyramid_digest = put_file(path)
    image.pyramid = pyramid_of(geometry)
    image.thumbnail_digest = put_bytes(b"a thumbnail")
    image.original_digest = put_bytes(f"the file of {image.pk}".encode())
    image.channels = [{"name": "grey", "colour": "#ffffff", "window": [0, 255]}]
    image.histograms = [{"low": 0, "high": 255, "counts": [1]}]
    image.save()
    return image


def pyramid_of(geometry: Geometry) -> dict[str, Any]:
    """Describe a pyramid as reading an image does."""
    levels = [{"width": width, "height": height} for width, height in geometry.levels]
    return {"tile": geometry.tile_size, "levels": levels, "planes": geometry.planes}


def a_draft(image: Image) -> LabelLayer:
    """Make a draft of three objects."""
    drawn = np.zeros((image.height, image.width), np.uint32)
    for k in range(3):
        drawn[100:110, 20 * k : 20 * k + 10] = k + 1
    return store_prediction(
        image=image, name="a draft", label_image=drawn, scores=np.full(3, 0.9, np.float32)
    )


def stored_details(image: Image, n: int) -> str:
    """Store outlines and a map as a prediction's child leaves them."""
    shape = (image.height, image.width)
    found = PredictionArrays(
        np.zeros(shape, np.uint32),
        np.ones(n, np.float32),
        {"prob": np.full(shape, 0.25, np.float32)},
        np.arange(n * 8, dtype=np.float32).reshape(n, 4, 2),
    )
    path = scratch_dir() / f"details-{uuid.uuid4()}.npz"
    assert write_details(path, found)
    try:
        return put_file(path)
    finally:
        path.unlink()


def a_version(project: Project, run: TrainingRun | None, number: int = 1) -> ModelVersion:
    """Make a version whose files are there."""
    return ModelVersion.objects.create(
        project=project,
        number=number,
        engine="threshold",
        run=run,
        origin="scratch",
        checkpoint_digest=put_bytes(b"checkpoint"),
        export_digest=put_bytes(b"export"),
        size_bytes=10,
        channels={"count": 1, "mapping": [0]},
    )


def an_answer(image: Any, version: Any) -> str:
    """Keep the answer to a click on an image; return the name of the question."""
    question = Question("prompt", str(image.pk), str(version.pk), point=(20, 20))
    answer = {"state": "found", "rows": [20, 18, 24], "score": 0.9, "threshold": 0.5}
    keep_answer(question, {**answer, "by": str(version), "seconds": 0.1})
    return question.key


def a_map(image: Any, version: Any) -> str:
    """Keep the picture of a map of an image; return the name of the question."""
    question = Question("map", str(image.pk), str(version.pk), box=(0, 0, 8, 8), name="foreground")
    answer = {"state": "found", "digest": put_bytes(b"a picture"), "low": 0.0, "high": 1.0}
    keep_answer(question, {**answer, "by": str(version), "seconds": 0.1})
    return question.key


def an_upload(user: Any, project: Project) -> Any:
    """Begin an upload of ten bytes and send five."""
    upload = begin_upload(user=user, project_id=project.pk, file_name="new.png", size_bytes=10)
    return append_piece(user=user, upload_id=upload.pk, offset=0, piece=b"01234")[0]


def a_suggestion(image: Image, version: ModelVersion) -> Suggestion:
    """Make a finished selection and its one suggestion."""
    selection = Selection.objects.create(
        project=image.project, version=version, state=RunState.FINISHED
    )
    return a_suggested_box(selection, image, rank=1)


def a_suggested_box(selection: Selection, image: Image, *, rank: int) -> Suggestion:
    """Suggest a place that no other suggestion of the world has."""
    return Suggestion.objects.create(
        selection=selection,
        rank=rank,
        image=image,
        row0=60,
        col0=60 + 2 * rank,
        row1=90,
        col1=61 + 2 * rank,
        strategy=Strategy.RANDOM,
        reason="Chosen at random.",
    )


def furnish_more(world: Furnished, user: Any, *, places: range) -> None:
    """Give everything that is shown in a list more rows, also below the world's own rows."""
    project, image = world.project, world.image
    for k in places:
        other = ImageFactory(
            project=project, thumbnail_digest=image.thumbnail_digest, tags=[f"{k}"]
        )
        layer = LayerFactory(image=other, seq=1)
        InstanceFactory(layer=layer, instance_id=1, created_by=user)
        RegionFactory(image=other, layer=layer, opened_by=user)
        LayerFactory(image=image, name=f"layer {k}")
        RegionFactory(image=image, layer=world.layer, row0=120, row1=121, col0=k, col1=k + 1)
        InstanceFactory(layer=world.layer, instance_id=1000 + k, created_by=user)
        MembershipFactory(project=project, user=new_account(f"person {k}"))
        MembershipFactory(project=ProjectFactory(), user=user)
        ObjectClass.objects.create(project=project, name=f"class {k}", colour="#000000")
        Bookmark.objects.create(image=image, user=user, name=f"place {k}", place=A_PLACE)
        grow_training(world, user, layer, number=100 + k)
        a_suggested_box(world.suggestion.selection, image, rank=k + 2)
    OpFactory.create_batch(len(places), layer=world.layer, user=user)


def grow_training(world: Furnished, user: Any, layer: LabelLayer, number: int) -> None:
    """Add a round with its set, whose run made a version that was measured and made drafts."""
    first = world.run.training_set
    manifest = b'{"images": [], "left_out": [], "version": %d}' % number
    training_set = TrainingSet.objects.create(
        project=world.project, number=number, manifest_digest=put_bytes(manifest)
    )
    Round.objects.create(
        project=world.project,
        number=number,
        training_set=training_set,
        before=world.version,
        began_at=first.created_at,
        ended_at=training_set.created_at,
    )
    run = TrainingRun.objects.create(
        project=world.project,
        number=number,
        training_set=training_set,
        engine="threshold",
        parent=world.version,
        created_by=user,
    )
    EpochRecord.objects.create(run=world.run, epoch=number, n_epochs=200, duration_s=1.0)
    version = a_version(world.project, run, number)
    VersionUpload.objects.create(
        project=world.project,
        engine="threshold",
        starter=f"starter-{number}",
        upload_digest=version.checkpoint_digest,
        state=RunState.FINISHED,
        version=version,
    )
    ModelVersion.objects.filter(pk=version.pk).update(parent=world.version, created_by=user)
    for measured_on in (first, training_set):
        Evaluation.objects.create(
            version=version,
            training_set=measured_on,
            split="validation",
            state=RunState.FINISHED,
            metrics={"pooled": {"ap": {"0.5": 0.5}}},
        )
    draft = LayerFactory(image=world.image, kind="prediction", name=f"draft {number}")
    for image, drawn in ((world.image, draft), (layer.image, None)):
        PredictionRun.objects.create(
            version=version, image=image, layer=drawn, state=RunState.FINISHED
        )
