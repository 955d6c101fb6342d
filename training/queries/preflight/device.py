"""Whether the engine has what it computes on."""

from __future__ import annotations

from django.conf import settings

from training.engines import registry
from training.queries.preflight.findings import Finding


def about_device(engine: str) -> list[Finding]:
    """Tell that an engine made for GPUs will compute on a processor."""
    spec = registry.spec(engine)
    if not spec.needs_gpu or settings.CYTOLOOP_DEVICE != "cpu":
        return []
    return [
        Finding(
            "needs_gpu",
            "warning",
            f"{spec.title} is made for GPUs, and this site computes on the processor "
            "(CYTOLOOP_DEVICE=cpu): expect minutes where a GPU takes seconds.",
            None,
        )
    ]
