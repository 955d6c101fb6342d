"""Addresses of the home page and of the pages about training."""

from __future__ import annotations

from django.urls import path

from training.pages.home import HomePage
from training.pages.models import RunPage, TrainingPage, VersionPage
from training.pages.project_add import ProjectAdd

urlpatterns = [
    path("", HomePage.as_view(), name="home"),
    path("projects/add/", ProjectAdd.as_view(), name="project-add"),
    path("projects/<uuid:project_id>/training/", TrainingPage.as_view(), name="project-training"),
    path("runs/<uuid:run_id>/", RunPage.as_view(), name="run"),
    path("versions/<uuid:version_id>/", VersionPage.as_view(), name="version"),
]
