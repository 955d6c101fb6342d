"""Rows of training by their address, seen through the person's memberships."""

from __future__ import annotations

from typing import Any

from annotations.models import Image, Project
from annotations.rules import visible_projects
from project.errors import NotFound


def one_project(user: Any, project_id: Any) -> Project:
    """Return a project the person is a member of; raises NotFound."""
    project = visible_projects(user).filter(pk=project_id).first()
    if project is None:
        raise NotFound("There is no such project, or you are not a member of it.")
    return project


def one_image(user: Any, image_id: Any) -> Image:
    """Return an image of a project the person is a member of; raises NotFound."""
    images = Image.objects.filter(pk=image_id, project__in=visible_projects(user))
    image = images.select_related("project").first()
    if image is None:
        raise NotFound("There is no such image, or you are not a member of its project.")
    return image
