"""Addresses of the pages about projects, images and people."""

from __future__ import annotations

from django.urls import path

from annotations.pages.images import EditorPage, ProjectPage
from annotations.pages.members import (
    MemberAdd,
    MemberLink,
    MemberRemove,
    MemberRole,
    PeoplePage,
)

urlpatterns = [
    path("projects/<uuid:project_id>/", ProjectPage.as_view(), name="project"),
    path("projects/<uuid:project_id>/people/", PeoplePage.as_view(), name="people"),
    path("projects/<uuid:project_id>/people/add/", MemberAdd.as_view(), name="member-add"),
    path(
        "projects/<uuid:project_id>/people/<int:member_id>/role/",
        MemberRole.as_view(),
        name="member-role",
    ),
    path(
        "projects/<uuid:project_id>/people/<int:member_id>/remove/",
        MemberRemove.as_view(),
        name="member-remove",
    ),
    path(
        "projects/<uuid:project_id>/people/<int:member_id>/link/",
        MemberLink.as_view(),
        name="member-link",
    ),
    path("images/<uuid:image_id>/", EditorPage.as_view(), name="editor"),
]
