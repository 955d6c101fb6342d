"""Whether there is enough to learn the kinds of objects from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from training.engines import registry
from training.queries.classes import n_of_class
from training.queries.inspections import Inspected
from training.queries.preflight.findings import Finding, Fix, named_images

FEW_OF_CLASS = 10  # a kind with fewer objects is learnt by heart, if at all


def about_classes(engine: str, taught: Sequence[Inspected]) -> list[Finding]:
    """Tell which kinds have few objects, and how many objects have none.

    Kinds that only regions of one plane show have no objects for an engine of volumes.
    """
    spec = registry.spec(engine)
    counts: Counter[str] = Counter()
    nameless: list[tuple[int, Inspected]] = []
    for one in taught:
        found = n_of_class(one.region, one.facts.instance_ids.tolist())
        if spec.n_dims == 3 and one.region.depth == 1:
            counts.update(dict.fromkeys(found, 0))
            continue
        counts.update(found)
        if n := len(one.facts.instance_ids) - sum(found.values()):
            nameless.append((n, one))
    if not counts:
        return []
    if not spec.classifies:
        sentence = (
            f"{spec.title} does not tell kinds of objects apart: its drafts will have no classes. "
            "StarDist learns them, StarDist 3D those of volumes."
        )
        return [Finding("classes_unused", "hint", sentence)]
    return [*_about_few(counts), *_about_nameless(nameless)]


def _about_few(counts: Counter[str]) -> list[Finding]:
    few = [f"{name} ({n})" for name, n in sorted(counts.items()) if n < FEW_OF_CLASS]
    if not few:
        return []
    sentence = (
        f"Classes with fewer than {FEW_OF_CLASS} whole objects that teach: {', '.join(few)}. They "
        "will hardly be recognised; mark more of them, or give them the class of similar objects."
    )
    return [Finding("few_of_class", "warning", sentence)]


def _about_nameless(where: Sequence[tuple[int, Inspected]]) -> list[Finding]:
    if not where:
        return []
    n_nameless = sum(n for n, _ in where)
    regions = [one for _, one in where]
    sentence = (
        f"Objects without a class: {n_nameless}. They teach outlines but no kind. In "
        f"{named_images(one.image for one in regions)}."
    )
    fix = Fix("Open the region", image=regions[0].image.pk, region=regions[0].region.pk)
    return [Finding("no_class", "warning", sentence, fix)]
