"""Whether the images fit the channels, and the version to start from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from django.db.models import Count

from annotations.models import Image, ImageState, Project, Split
from training.models import ModelVersion
from training.queries.preflight.findings import Finding, Fix
from training.queries.sets import read_manifest

OTHER_LOOK = 0.25  # of the brightness range: fluorescence lies near 0.1, H&E near 0.7
MOST_LOOKED_AT = 200  # images whose brightness is compared


def about_channels(
    project: Project, taught: Sequence[Image], channels: Sequence[int]
) -> list[Finding]:
    """Tell which of the project's images a version could not look at, or only in part."""
    ready = Image.objects.filter(project=project, state=ImageState.READY)
    counts = dict(ready.values_list("n_channels").annotate(Count("pk")))
    known = {image.n_channels for image in taught}
    too_few = sum(n for count, n in counts.items() if (count or 1) <= max(channels))
    others = sum(
        n for count, n in counts.items() if (count or 1) > max(channels) and count not in known
    )
    found = []
    if too_few:
        sentence = (
            f"{too_few} images of the project have only {max(channels)} channels or fewer: a "
            f"version that looks at channel {max(channels) + 1} makes no drafts of them."
        )
        found.append(
            Finding("channel_mismatch", "warning", sentence, Fix("Use channel 1", channels=[0]))
        )
    if others and known:
        sentence = (
            f"{others} images of the project have another number of channels than those that "
            f"teach; drafts of them look at {channels_in_words(channels)} only."
        )
        found.append(Finding("other_channels", "hint", sentence))
    return found


def channels_in_words(channels: Sequence[int]) -> str:
    """Name channels as people count them."""
    numbers = ", ".join(str(channel + 1) for channel in channels)
    return f"channel{'s' * (len(channels) > 1)} {numbers}"


def about_looks(
    taught: Sequence[Image], channels: Sequence[int], parent: ModelVersion | None
) -> list[Finding]:
    """Tell when images look unlike those that the version to start from learned from."""
    if parent is None or parent.run is None:
        return []
    manifest = read_manifest(parent.run.training_set)
    ids = [entry["id"] for entry in manifest["images"] if entry["split"] == Split.TRAIN]
    before = typical_look(
        Image.objects.filter(pk__in=ids[:MOST_LOOKED_AT]), parent.channels.get("mapping") or [0]
    )
    now = typical_look(taught[:MOST_LOOKED_AT], channels)
    if before is None or now is None or abs(now - before) < OTHER_LOOK:
        return []
    sentence = (
        f"These images are mostly {'brighter' if now > before else 'darker'} than those that "
        f"{parent} learned from ({now:.0%} of the range against {before:.0%}): perhaps another "
        "stain. Inverted intensities are noticed by themselves; expect to correct more at first."
    )
    return [Finding("other_look", "hint", sentence)]


def typical_look(images: Iterable[Image], channels: Sequence[int]) -> float | None:
    """Return the median of images' mean brightness within their windows, 0 to 1."""
    looks = [look for image in images if (look := mean_look(image, channels[0])) is not None]
    return float(np.median(looks)) if looks else None


def mean_look(image: Image, channel: int) -> float | None:
    """Return the mean of a channel within its window, 0 to 1; None when it was never counted."""
    place = 0 if image.is_rgb else channel  # colour pictures have one histogram
    if place >= len(image.histograms) or channel >= len(image.channels):
        return None
    histogram, window = image.histograms[place], image.channels[channel].get("window")
    counts = np.asarray(histogram["counts"], np.float64)
    if not window or counts.sum() == 0:
        return None
    edges = np.linspace(histogram["low"], histogram["high"], len(counts) + 1)
    centres = (edges[:-1] + edges[1:]) / 2
    shown = np.clip((centres - window[0]) / max(window[1] - window[0], 1e-9), 0, 1)
    return float((shown * counts).sum() / counts.sum())
