"""Addresses of layers, ops, drafts and regions, under /api/v1/."""

from __future__ import annotations

from django.urls import URLPattern, path

from annotations.api import (
    classes,
    differences,
    drafts,
    history,
    layers,
    ops,
    presence,
    regions,
)

urlpatterns: list[URLPattern] = [
    path("images/<uuid:image_id>/layers/", layers.ImageLayers.as_view(), name="image-layers"),
    path("images/<uuid:image_id>/regions/", regions.ImageRegions.as_view(), name="image-regions"),
    path("layers/<uuid:layer_id>/", layers.LayerDetail.as_view(), name="layer"),
    path("layers/<uuid:layer_id>/ids/", layers.LayerIds.as_view(), name="layer-ids"),
    path("layers/<uuid:layer_id>/chunks/", layers.LayerChunks.as_view(), name="layer-chunks"),
    path(
        "layers/<uuid:layer_id>/chunks/<str:digest>/",
        layers.LayerChunk.as_view(),
        name="layer-chunk",
    ),
    path("layers/<uuid:layer_id>/ops/", ops.LayerOps.as_view(), name="layer-ops"),
    path("layers/<uuid:layer_id>/history/", history.LayerHistory.as_view(), name="layer-history"),
    path(
        "layers/<uuid:layer_id>/instances/<int:instance_id>/history/",
        history.InstanceHistory.as_view(),
        name="instance-history",
    ),
    path(
        "layers/<uuid:layer_id>/at/<int:seq>/classes/",
        history.ClassesAt.as_view(),
        name="classes-at",
    ),
    path(
        "layers/<uuid:layer_id>/at/<int:seq>/chunks/<int:cy>/<int:cx>/",
        history.ChunkAt.as_view(),
        name="chunk-at",
    ),
    path("layers/<uuid:layer_id>/events/", ops.LayerEvents.as_view(), name="layer-events"),
    path(
        "layers/<uuid:layer_id>/presence/", presence.LayerPresence.as_view(), name="layer-presence"
    ),
    path(
        "layers/<uuid:layer_id>/instances/",
        layers.LayerInstances.as_view(),
        name="layer-instances",
    ),
    path(
        "layers/<uuid:layer_id>/differences/",
        differences.LayerDifferences.as_view(),
        name="layer-differences",
    ),
    path(
        "layers/<uuid:layer_id>/instances/decide/",
        drafts.InstancesDecide.as_view(),
        name="instances-decide",
    ),
    path("layers/<uuid:layer_id>/classes/", classes.LayerClasses.as_view(), name="layer-classes"),
    path("layers/<uuid:layer_id>/accept/", drafts.DraftAccept.as_view(), name="draft-accept"),
    path("regions/<uuid:region_id>/", regions.RegionDetail.as_view(), name="region"),
    path("regions/<uuid:region_id>/submit/", regions.RegionSubmit.as_view(), name="region-submit"),
    path("regions/<uuid:region_id>/reopen/", regions.RegionReopen.as_view(), name="region-reopen"),
]
