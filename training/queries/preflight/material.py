"""Whether there is enough to learn from and to measure with, and all of it used."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import Exists, OuterRef

from annotations.models import Image, ImageState, Project, Region, RegionState, Split
from training.engines import registry
from training.queries.inspections import Inspected
from training.queries.plans import no_deep_regions
from training.queries.preflight.findings import Finding, Fix, named_images
from training.queries.sets import SortedRegions

FEW_INSTANCES = 50  # below this a fine-tuned network is mostly luck
FEW_BLIND_INSTANCES = 30  # below this one object more or less moves AP by several points


def about_material(
    project: Project, taught: Sequence[Inspected], inspected: Sequence[Inspected]
) -> list[Finding]:
    """Tell whether there is enough to learn from and to measure with."""
    blind = [one for one in inspected if one.split == Split.VALIDATION]
    n_taught = sum(one.facts.n_instances for one in taught)
    n_blind = sum(one.facts.n_instances for one in blind)
    found = []
    if not taught:
        sentence = (
            "No region is submitted for training yet: open an image, paint, declare a region and "
            "submit it."
        )
        found.append(Finding("no_training_region", "problem", sentence, open_image(project)))
    elif n_taught < FEW_INSTANCES:
        sentence = (
            f"Only {n_taught} whole objects teach; {FEW_INSTANCES} or more make a run worth the "
            "wait. Start from an earlier or an official model until then."
        )
        tone = "warning" if n_taught else "problem"
        found.append(Finding("few_instances", tone, sentence, open_image(project)))
    if not blind:
        sentence = (
            "No blind validation region is submitted: a version can be made, but not measured. "
            "Declare one on an image that does not teach."
        )
        found.append(Finding("no_validation", "warning", sentence, open_image(project)))
    elif n_blind < FEW_BLIND_INSTANCES:
        sentence = (
            f"Only {n_blind} objects are for blind validation: the numbers will jump by several "
            "points with every object."
        )
        found.append(Finding("few_validation", "warning", sentence, open_image(project)))
    return found


def about_volumes(project: Project, engine: str, taught: Sequence[Inspected]) -> list[Finding]:
    """Tell that an engine of volumes has no region of several planes to learn from."""
    if registry.spec(engine).n_dims == 2 or any(one.region.depth > 1 for one in taught):
        return []
    stacks = Image.objects.filter(project=project, state=ImageState.READY, n_z__gt=1)
    image = stacks.order_by("name").values_list("pk", flat=True).first()
    button = "Open a stack" if image else "See the images"
    return [Finding("no_deep_regions", "problem", no_deep_regions(engine), Fix(button, image))]


def open_image(project: Project) -> Fix:
    """Offer the first image on which nothing is submitted yet, else the project's images."""
    submitted = Region.objects.filter(image=OuterRef("pk"), state=RegionState.SUBMITTED)
    free = Image.objects.filter(~Exists(submitted), project=project, state=ImageState.READY)
    image = free.order_by("name").values_list("pk", flat=True).first()
    return Fix("Open an image" if image else "See the images", image=image)


def about_left_out(found: SortedRegions) -> list[Finding]:
    """Tell which submitted regions are not used, one finding per reason."""
    by_reason: dict[str, list[Region]] = {}
    for region, reason in found.left_out.items():
        by_reason.setdefault(reason, []).append(region)
    return [
        Finding(
            "left_out",
            "warning",
            f"{regions_in_words(regions)} left out. {reason}",
            Fix("Open the region", image=regions[0].image_id, region=regions[0].pk),
        )
        for reason, regions in by_reason.items()
    ]


def regions_in_words(regions: Sequence[Region]) -> str:
    """Say which regions: "1 submitted region (a.png) is"."""
    named = named_images(region.image for region in regions)
    return f"{len(regions)} submitted region{'s' * (len(regions) > 1)} ({named}) " + (
        "are" if len(regions) > 1 else "is"
    )
