"""What most tests of annotations begin with."""

from __future__ import annotations

import pytest

from tests.factories import ImageFactory, LayerFactory


@pytest.fixture
def image(project):
    return ImageFactory(project=project)


@pytest.fixture
def layer(image):
    return LayerFactory(image=image)
