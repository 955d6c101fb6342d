"""All addresses of the site."""

from __future__ import annotations

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path
from drf_spectacular.views import SpectacularAPIView

from project.accounts import LoginOnce
from project.health import livez, metrics, readyz

handler500 = "project.request_ids.server_error"

urlpatterns: list[URLPattern | URLResolver] = [
    path("livez", livez, name="livez"),
    path("readyz", readyz, name="readyz"),
    path("metrics", metrics, name="metrics"),
    path("api/schema/", SpectacularAPIView.as_view(), name="api-schema"),
    path("login/once/<str:uidb64>/<str:token>/", LoginOnce.as_view(), name="login_once"),
    path("admin/", admin.site.urls),
    path("accounts/", include("project.account_urls")),
    path("api/v1/", include("annotations.api.urls")),
    path("api/v1/", include("training.api.urls")),
    path("", include("annotations.pages.urls")),
    path("", include("training.pages.urls")),
]
