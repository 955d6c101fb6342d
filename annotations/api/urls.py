"""Addresses of everything about images and labels, under /api/v1/."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

from annotations.api import activity, classes, events, images, projects, uploads

urlpatterns: list[URLPattern | URLResolver] = [
    path("projects/", projects.ProjectList.as_view()),
    path("projects/<uuid:project_id>/", projects.ProjectItem.as_view()),
    path("projects/<uuid:project_id>/images/", images.ImageList.as_view()),
    path("projects/<uuid:project_id>/uploads/", uploads.UploadList.as_view()),
    path("projects/<uuid:project_id>/classes/", classes.ProjectClasses.as_view()),
    path("classes/<uuid:class_id>/", classes.ClassDetail.as_view()),
    path("projects/<uuid:project_id>/events/", events.ProjectEvents.as_view()),
    path("uploads/<uuid:upload_id>/", uploads.UploadItem.as_view()),
    path("images/<uuid:image_id>/", images.ImageItem.as_view()),
    path("images/<uuid:image_id>/view/", images.ImageView.as_view()),
    path("images/<uuid:image_id>/activity/", activity.ImageActivity.as_view()),
    path("images/<uuid:image_id>/retry/", images.ImageRetry.as_view()),
    path("images/<uuid:image_id>/thumbnail/", images.ImageThumbnail.as_view()),
    path("images/<uuid:image_id>/histogram/", images.ImageHistogram.as_view()),
    path("images/<uuid:image_id>/original/", images.ImageOriginal.as_view()),
    path("", include("annotations.api.label_urls")),
    path("", include("annotations.api.view_urls")),
]
