"""Rows for tests (factory_boy); drawn images are in tests.drawing."""

from __future__ import annotations

import hashlib

import factory
from django.contrib.auth import get_user_model
from factory.django import DjangoModelFactory

from annotations.models import (
    Image,
    ImageState,
    LabelLayer,
    LayerKind,
    Membership,
    Project,
    Region,
    Role,
)
from tests.drawing import draw_blobs

__all__ = [
    "ImageFactory",
    "LayerFactory",
    "MembershipFactory",
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


class RegionFactory(DjangoModelFactory):
    class Meta:
        model = Region

    image = factory.SubFactory(ImageFactory)
    layer = factory.SubFactory(LayerFactory, image=factory.SelfAttribute("..image"))
    row0 = 0
    col0 = 0
    row1 = 300
    col1 = 300
