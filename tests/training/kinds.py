"""Images whose objects have classes, made by the real actions."""

from __future__ import annotations

import numpy as np

from annotations.actions.classes import create_class
from annotations.actions.instance_classes import set_class
from annotations.models import Purpose
from tests.training.worlds import declare, paint, stored_image


def classes(user, project, *names):
    """Add classes to a project, in this order."""
    return [create_class(user=user, project_id=project.pk, name=name) for name in names]


def boxes_image(user, project, kinds, *, purpose=Purpose.TRAINING, name="boxes"):
    """Make an image with one square per kind ("" for none), declared; return it and its layer."""
    truth = np.zeros((60, 20 * len(kinds) + 10), np.uint32)
    for number in range(len(kinds)):
        truth[20:32, 20 * number + 8 : 20 * number + 20] = number + 1
    image = stored_image(project, np.where(truth > 0, 200, 20).astype(np.uint8), name=name)
    return image, declare_kinds(user, image, truth, kinds, purpose=purpose)


def declare_kinds(user, image, truth, kinds, *, purpose=Purpose.TRAINING):
    """Paint objects, give each its class, and submit all of it; return the layer."""
    layer = paint(user, image, truth)
    for name in sorted(set(kinds) - {""}):
        ids = [number for number, kind in enumerate(kinds, 1) if kind == name]
        set_class(user=user, layer_id=layer.pk, instance_ids=ids, class_name=name)
    declare(user, image, purpose=purpose, depth=image.n_z)
    return layer
