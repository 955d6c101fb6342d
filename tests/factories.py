"""Rows for tests (factory_boy) and drawn images whose truth is known."""

from __future__ import annotations

import hashlib

import factory
import numpy as np
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


def draw_blobs(height, width, *, n=20, radius=(8, 16), seed=0, gap=2):
    """Return (label_image uint32, image uint8) with n separate bright disks on a dark ground.

    Fewer than n are drawn when the image has no room left. Ids are dense from 1.
    """
    rng = np.random.default_rng(seed)
    label_image = np.zeros((height, width), np.uint32)
    rows, cols = np.mgrid[:height, :width]
    image = rng.normal(30, 4, (height, width))
    instance_id = 0
    for _ in range(n * 30):
        if instance_id == n:
            break
        r = int(rng.integers(radius[0], radius[1] + 1))
        if 2 * r + 2 >= min(height, width):
            continue
        row, col = int(rng.integers(r, height - r)), int(rng.integers(r, width - r))
        distance = np.hypot(rows - row, cols - col)
        if label_image[distance <= r + gap].any():
            continue
        instance_id += 1
        disk = distance <= r
        label_image[disk] = instance_id
        image[disk] += 110 + 25 * (1 - distance[disk] / r) + rng.normal(0, 4, int(disk.sum()))
    return label_image, np.clip(image, 0, 255).astype(np.uint8)
