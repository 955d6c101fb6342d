"""Shapes of projects, images and uploads in the API: In and Out apart, no logic."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from annotations.models import Image, Split, StackDrafts

FAST_DRAFTS = (
    "Whether drafts are made the engine's fast way; outlines may then differ a little from those "
    "that are measured."
)
STACK_DRAFTS = (
    "What an engine that looks at planes makes of an image with several: objects plane by plane, "
    "objects linked over planes, or volumes where the engine can. Drafts that wait are made so."
)
PIXEL_SIZE = "Micrometres per pixel; null when nobody knows."
Z_STEP = "Micrometres from one plane to the next; null when nobody knows."


class ProjectIn(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=200)
    description = serializers.CharField(required=False, allow_blank=True, max_length=5000)


class ProjectChange(ProjectIn):
    fast_drafts = serializers.BooleanField(required=False, help_text=FAST_DRAFTS)
    stack_drafts = serializers.ChoiceField(
        choices=StackDrafts.choices, required=False, help_text=STACK_DRAFTS
    )


class ProjectOut(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    name = serializers.CharField()
    description = serializers.CharField()
    fast_drafts = serializers.BooleanField(help_text=FAST_DRAFTS)
    stack_drafts = serializers.ChoiceField(choices=StackDrafts.choices, help_text=STACK_DRAFTS)
    created_at = serializers.DateTimeField()


class ProjectRow(serializers.Serializer[Any]):
    """A project in a list, with the person's role and how far it is."""

    id = serializers.UUIDField(source="project.id")
    name = serializers.CharField(source="project.name")
    description = serializers.CharField(source="project.description")
    fast_drafts = serializers.BooleanField(source="project.fast_drafts", help_text=FAST_DRAFTS)
    stack_drafts = serializers.ChoiceField(
        choices=StackDrafts.choices, source="project.stack_drafts", help_text=STACK_DRAFTS
    )
    created_at = serializers.DateTimeField(source="project.created_at")
    role = serializers.CharField()
    n_images = serializers.IntegerField()
    n_ready = serializers.IntegerField()
    n_failed = serializers.IntegerField()
    n_annotated = serializers.IntegerField()


class ProjectDetail(ProjectRow):
    tags = serializers.ListField(child=serializers.CharField())


class ChannelIn(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=100)
    colour = serializers.RegexField(r"^#[0-9a-f]{6}$")
    window = serializers.ListField(child=serializers.FloatField(), min_length=2, max_length=2)


class ImageIn(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=255, required=False)
    tags = serializers.ListField(
        child=serializers.CharField(max_length=64), required=False, max_length=20
    )
    split = serializers.ChoiceField(choices=Split.choices, required=False)
    group = serializers.CharField(max_length=255, required=False, allow_blank=True)
    channels = ChannelIn(many=True, required=False)
    pixel_size_um = serializers.FloatField(required=False, allow_null=True, help_text=PIXEL_SIZE)
    z_step_um = serializers.FloatField(required=False, allow_null=True, help_text=Z_STEP)


ROW_FIELDS = (
    "id", "project", "name", "tags", "split", "group", "state", "error_code", "error_message",
    "height", "width", "n_channels", "n_z", "n_t", "dtype", "is_rgb", "pixel_size_um", "z_step_um",
    "channels", "size_bytes", "created_at", "n_instances", "painted_by", "n_regions",
)  # fmt: skip


class ImageRow(serializers.ModelSerializer[Image]):
    """An image in a list."""

    n_instances = serializers.IntegerField(default=0)
    painted_by = serializers.ListField(
        child=serializers.CharField(), default=list, help_text="Names of people, most objects first"
    )
    n_regions = serializers.IntegerField(default=0)

    class Meta:
        model = Image
        fields: tuple[str, ...] = ROW_FIELDS
        read_only_fields: tuple[str, ...] = ROW_FIELDS


class ImageOut(ImageRow):
    class Meta(ImageRow.Meta):
        fields = (*ROW_FIELDS, "original_digest", "source")
        read_only_fields = fields


class LevelOut(serializers.Serializer[Any]):
    width = serializers.IntegerField()
    height = serializers.IntegerField()


class ViewOut(serializers.Serializer[Any]):
    tiles = serializers.CharField(help_text="Prefix of the tiles' addresses; valid for a while.")
    expires_at = serializers.DateTimeField()
    tile_size = serializers.IntegerField(source="image.pyramid.tile")
    levels = LevelOut(many=True, source="image.pyramid.levels")
    planes = serializers.IntegerField(
        source="image.pyramid.planes", help_text="t, then z, then channel; colour counts as one."
    )
    n_z = serializers.IntegerField(source="image.n_z")
    n_t = serializers.IntegerField(source="image.n_t")
    is_rgb = serializers.BooleanField(source="image.is_rgb")
    channels = serializers.JSONField(source="image.channels")


class HistogramOut(serializers.Serializer[Any]):
    channels = serializers.JSONField(source="histograms")
