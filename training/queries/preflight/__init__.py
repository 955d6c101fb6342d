"""What a person should know before a training, each with what would mend it.

Nothing here forbids anything: a training that cannot be done is refused when it is asked for.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from annotations.models import Project, Split
from annotations.queries.regions import submitted_regions
from training.engines import registry
from training.queries.inspections import inspect_regions, sizes_of
from training.queries.plans import choose_channels, parse_start
from training.queries.preflight.classes import about_classes
from training.queries.preflight.device import about_device
from training.queries.preflight.estimate import estimate
from training.queries.preflight.findings import Finding
from training.queries.preflight.images import about_channels, about_looks
from training.queries.preflight.labels import about_labels, about_objects
from training.queries.preflight.material import about_left_out, about_material, about_volumes
from training.queries.sets import sort_out
from training.supervision.interpreters import require_installed


@dataclass(frozen=True, slots=True)
class Preflight:
    """All that can be said before a training begins."""

    findings: list[Finding]
    estimate: str  # one sentence; empty when nothing like it was trained here before


def preflight(  # noqa: PLR0913 (what a person chose in the form)
    *,
    user: Any,
    project: Project,
    engine: str,
    start: str = "scratch",
    params: Mapping[str, Any] | None = None,
    max_minutes: float | None = None,
    channels: Sequence[int] | None = None,
) -> Preflight:
    """Check a training that somebody may ask for.

    Raises UnknownEngine, EngineNotInstalled, BadEngineParams, BadStart, BadChannels, NotFound.
    """
    require_installed(engine)
    filled = registry.parse_params(registry.spec(engine).params, params or {})
    parent = parse_start(user=user, engine=engine, start=start).parent
    sorted_out = sort_out(submitted_regions(project))
    inspected = inspect_regions(sorted_out)
    taught = [one for one in inspected if one.split == Split.TRAIN]
    sizes = sizes_of(taught)
    findings = [
        *about_material(project, taught, inspected),
        *about_volumes(project, engine, taught),
        *about_left_out(sorted_out),
        *about_labels(taught, sizes),
        *about_classes(engine, taught),
        *about_objects(engine, filled, sizes, parent),
        *about_device(engine),
    ]
    if sorted_out.kept:
        fewest = min(image.n_channels or 1 for image in sorted_out.kept)
        chosen = choose_channels(engine, fewest, parent, channels)
        findings += about_channels(project, [one.image for one in taught], chosen)
        findings += about_looks([one.image for one in taught], chosen, parent)
    return Preflight(findings, estimate(engine, dataclasses.asdict(filled), max_minutes))
