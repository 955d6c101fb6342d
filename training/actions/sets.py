"""Freeze what was annotated into a set that never changes."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import transaction

from annotations.actions.audit import audit
from annotations.models import Project, Role, Split
from annotations.queries.classes import hold_classes
from annotations.rules import require
from project.errors import NotReady
from project.storage import put_bytes
from training.models import FrozenSnapshot, TrainingSet
from training.queries.numbers import lock_numbers, next_number
from training.queries.sets import canonical_json, count_splits, present_manifest

# Fewer objects cannot show an engine what it should find; a few dozen are sensible.
MIN_INSTANCES = 3


class TooFewInstances(NotReady):
    """There is too little to learn from."""

    code: ClassVar[str] = "too_few_instances"

    def __init__(self, have: int, need: int) -> None:
        annotated = "no objects are" if have == 0 else f"only {have} annotated objects are"
        super().__init__(
            f"Training needs at least {need} annotated objects, but {annotated} in submitted "
            "training regions. Annotate more, say what the region covers, and submit it.",
            have=have,
            need=need,
        )


@transaction.atomic
def freeze_training_set(*, user: Any, project: Project) -> TrainingSet:
    """Freeze the submitted regions of a project as a training set, or return the equal one.

    Raises NotAllowed, NotFound, TooFewInstances.
    """
    require(user, project, Role.REVIEWER)
    hold_classes()  # the set keeps their names
    manifest = present_manifest(project)
    counts = count_splits(manifest)
    have = counts.get(Split.TRAIN, {}).get("instances", 0)
    if have < MIN_INSTANCES:
        raise TooFewInstances(have=have, need=MIN_INSTANCES)
    digest = put_bytes(canonical_json(manifest))
    lock_numbers(project)  # only now: counting the objects above may take a while
    known = TrainingSet.objects.filter(project=project, manifest_digest=digest).first()
    if known is not None:
        return known
    training_set = TrainingSet.objects.create(
        project=project,
        number=next_number(project, TrainingSet),
        manifest_digest=digest,
        n_images=sum(split["images"] for split in counts.values()),
        n_regions=sum(split["regions"] for split in counts.values()),
        n_instances=sum(split["instances"] for split in counts.values()),
        splits=counts,
        created_by=user,
    )
    protect_snapshots(training_set, manifest)
    audit(
        user=user,
        project=project,
        verb="freeze_training_set",
        target=training_set,
        digest=digest,
        splits=counts,
    )
    return training_set


def protect_snapshots(training_set: TrainingSet, manifest: dict[str, Any]) -> None:
    """Keep every label state of a manifest, and so its image, from being deleted."""
    named = {region["snapshot"] for image in manifest["images"] for region in image["regions"]}
    FrozenSnapshot.objects.bulk_create(
        [FrozenSnapshot(training_set=training_set, snapshot_id=pk) for pk in sorted(named)],
        batch_size=5000,
    )
