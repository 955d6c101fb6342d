"""Rows for tests (factory_boy); drawn images are in tests.drawing."""

from __future__ import annotations

import hashlib
import uuid

import factory
from django.contrib.auth import get_user_model
from factory.django import DjangoModelFactory

from annotations.labels import ops
from annotations.models import (
    Image,
    ImageState,
    Instance,
    LabelLayer,
    LabelOp,
    LayerKind,
    Membership,
    Project,
    Region,
    Role,
)
from tests.drawing import draw_blobs

__all__ = [
    "ImageFactory",
    "InstanceFactory",
    "LayerFactory",
    "MembershipFactory",
    "OpFactory",
    "ProjectFactory",
    "RegionFactory",
    "UserFactory",
    "draw_blobs",
]


class UserFactory(DjangoModelFactory):
    class Meta:
        model = get_user_model()

    username = factory.Sequence(lambda n: f"person{n}")


class ProjectFactory(DjangoModelFactory):
    class Meta:
        model = Project

    name = factory.Sequence(lambda n: f"project {n}")


class MembershipFactory(DjangoModelFactory):
    class Meta:
        model = Membership

    project = factory.SubFactory(ProjectFactory)
    user = factory.SubFactory(UserFactory)
    role = Role.ANNOTATOR


class ImageFactory(DjangoModelFactory):
    """A ready image of 700 x 900 px without stored pixels: enough for everything about labels."""

    class Meta:
        model = Image

    project = factory.SubFactory(ProjectFactory)
    name = factory.Sequence(lambda n: f"image_{n}.tif")
    original_digest = factory.Sequence(lambda n: hashlib.sha256(str(n).encode()).hexdigest())
    size_bytes = 1
    state = ImageState.READY
    height = 700
    width = 900
    n_channels = 1
    dtype = "uint8"


class LayerFactory(DjangoModelFactory):
    class Meta:
        model = LabelLayer

    image = factory.SubFactory(ImageFactory)
    kind = LayerKind.ANNOTATION


class InstanceFactory(DjangoModelFactory):
    """A row of the instance table without pixels behind it."""

    class Meta:
        model = Instance

    layer = factory.SubFactory(LayerFactory)
    instance_id = factory.Sequence(lambda n: n + 1)
    area_px = 1
    row1 = 1
    col1 = 1


class OpFactory(DjangoModelFactory):
    """A row of the op log that changed nothing."""

    class Meta:
        model = LabelOp

    layer = factory.SubFactory(LayerFactory)
    seq = factory.Sequence(lambda n: n + 1000)
    session = factory.LazyFunction(uuid.uuid4)
    n = 1
    kind = "brush"
    body = ops.pack(ops.encode({}))


class RegionFactory(DjangoModelFactory):
    class Meta:
        model = Region

    image = factory.SubFactory(ImageFactory)
    layer = factory.SubFactory(LayerFactory, image=factory.SelfAttribute("..image"))
    row0 = 0
    col0 = 0
    row1 = 300
    col1 = 300
