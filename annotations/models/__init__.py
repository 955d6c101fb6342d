"""Rows about who marked what, on which image."""

from annotations.models.classes import ObjectClass
from annotations.models.images import Activity, Image, ImageState, Split, Upload
from annotations.models.keys import KeyBindings
from annotations.models.layers import (
    DEFAULT_LAYER,
    ChunkState,
    Instance,
    InstanceState,
    LabelChunk,
    LabelLayer,
    LabelOp,
    LayerKind,
    LayerSnapshot,
)
from annotations.models.projects import AuditEntry, Membership, Project, Role, StackDrafts
from annotations.models.regions import Assignment, Coverage, Purpose, Region, RegionState
from annotations.models.tour import TourState, TourStatus, TourStep
from annotations.models.views import Bookmark, ViewSettings

__all__ = [
    "DEFAULT_LAYER",
    "Activity",
    "Assignment",
    "AuditEntry",
    "Bookmark",
    "ChunkState",
    "Coverage",
    "Image",
    "ImageState",
    "Instance",
    "InstanceState",
    "KeyBindings",
    "LabelChunk",
    "LabelLayer",
    "LabelOp",
    "LayerKind",
    "LayerSnapshot",
    "Membership",
    "ObjectClass",
    "Project",
    "Purpose",
    "Region",
    "RegionState",
    "Role",
    "Split",
    "StackDrafts",
    "TourState",
    "TourStatus",
    "TourStep",
    "Upload",
    "ViewSettings",
]
