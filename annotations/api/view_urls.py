"""Addresses of how people look at images, under /api/v1/."""

from __future__ import annotations

from django.urls import URLPattern, path

from annotations.api import keys, pixels, tour, views

urlpatterns: list[URLPattern] = [
    path("projects/<uuid:project_id>/view-settings/", views.ProjectViewSettings.as_view()),
    path("images/<uuid:image_id>/bookmarks/", views.ImageBookmarks.as_view()),
    path("images/<uuid:image_id>/values/<int:row>/<int:column>/", pixels.PixelValues.as_view()),
    path(
        "images/<uuid:image_id>/pixels/<int:plane>/<int:level>/<int:column>/<int:row>/",
        pixels.RawTile.as_view(),
    ),
    path("me/tour/", tour.OwnTour.as_view()),
    path("me/keys/", keys.OwnKeys.as_view()),
    path("bookmarks/<uuid:bookmark_id>/", views.BookmarkDetail.as_view()),
]
