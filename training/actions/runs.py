"""Ask for a training, and ask it to stop, for good or for a while."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from django.db import transaction
from django.utils import timezone

from annotations.actions.audit import audit
from annotations.models import Project, Role, Split
from annotations.rules import require
from project.broker import send
from project.errors import Conflict, InvalidInput, NotReady
from training import tasks
from training.actions.rounds import close_round
from training.actions.sets import freeze_training_set
from training.engines import registry
from training.jobs.checkpoints import remove_run_folder
from training.jobs.news import publish_run
from training.jobs.pauses import over_now, paused_now
from training.models import ModelVersion, RunState, TrainingRun, TrainingSet
from training.queries.numbers import next_number
from training.queries.plans import choose_channels, no_deep_regions, parse_start
from training.queries.sets import n_deep_regions, read_manifest
from training.queries.versions import images_known_to
from training.supervision.interpreters import require_installed

MAX_MINUTES = 60 * 24 * 14  # two weeks: a longer wish is a slip of the finger
MAX_SEED = 2**31 - 1  # what every framework takes


class RunEnded(Conflict):
    """The run has ended and nothing about it can change."""

    code: ClassVar[str] = "run_ended"


class NoDeepRegions(NotReady):
    """Nothing shows an engine of volumes what a volume is."""

    code: ClassVar[str] = "no_deep_regions"


@transaction.atomic
def queue_run(  # noqa: PLR0913 (one argument per thing a person can choose)
    *,
    user: Any,
    project: Project,
    engine: str,
    start: str = "scratch",
    params: Mapping[str, Any] | None = None,
    seed: int = 0,
    max_minutes: float | None = None,
    channels: Sequence[int] | None = None,
) -> TrainingRun:
    """Freeze the training set, close the round that led to it and queue a run on it.

    Raises NotAllowed, NotFound, UnknownEngine, EngineNotInstalled, BadEngineParams, BadStart,
    BadChannels, TooFewInstances, NoDeepRegions.
    """
    require(user, project, Role.REVIEWER)
    require_installed(engine)
    filled = registry.fill_params(engine, params or {})
    origin = parse_start(user=user, engine=engine, start=start)
    check_limits(seed=seed, max_minutes=max_minutes)
    training_set = freeze_training_set(user=user, project=project)
    close_round(project, training_set)
    manifest = read_manifest(training_set)
    if registry.spec(engine).n_dims == 3 and not n_deep_regions(manifest):
        raise NoDeepRegions(no_deep_regions(engine))
    run = TrainingRun.objects.create(
        project=project,
        number=next_number(project, TrainingRun),
        training_set=training_set,
        engine=engine,
        parent=origin.parent,
        pretrained=origin.pretrained,
        params=filled,
        channels=choose_channels(engine, fewest_channels(manifest), origin.parent, channels),
        seed=seed,
        max_minutes=max_minutes,
        warnings=warnings_about(training_set, manifest, origin.parent, engine),
        created_by=user,
    )
    audit(
        user=user,
        project=project,
        verb="queue_run",
        target=run,
        engine=engine,
        start=start,
        training_set=str(training_set.pk),
    )
    publish_run(run)
    send(tasks.train, str(run.pk), queue=tasks.train_queue(engine))
    return run


@transaction.atomic
def cancel_run(*, user: Any, run: TrainingRun) -> TrainingRun:
    """Stop a run: at once when it waits, else as soon as its worker sees the wish.

    Raises NotAllowed, NotFound, RunEnded.
    """
    run = locked(user, run)
    if run.state == RunState.RUNNING:
        change(run, cancel_requested=True, pause_requested=False)
    else:
        was = "it began" if run.started_at is None else "it went on"
        change(
            run,
            state=RunState.CANCELLED,
            cancel_requested=True,
            pause_requested=False,
            error_code="cancelled",
            error_message=f"Cancelled before {was}.",
            finished_at=timezone.now(),
            **over_now(run),
        )
        transaction.on_commit(lambda: remove_run_folder(run.pk))
    audit(user=user, project=run.project, verb="cancel_run", target=run)
    publish_run(run)
    return run


@transaction.atomic
def pause_run(*, user: Any, run: TrainingRun) -> TrainingRun:
    """Let a run stand still: at once when it waits, else when its worker has left its step.

    Its checkpoint stays, and its worker is free. A run that is paused stays so. Raises
    NotAllowed, NotFound, RunEnded.
    """
    run = locked(user, run)
    if run.cancel_requested:
        raise RunEnded("This run is being cancelled.")
    if run.state == RunState.PAUSED:
        return run
    if run.state == RunState.RUNNING:
        change(run, pause_requested=True)
    else:
        change(run, **paused_now(run))
    audit(user=user, project=run.project, verb="pause_run", target=run)
    publish_run(run)
    return run


@transaction.atomic
def resume_run(*, user: Any, run: TrainingRun) -> TrainingRun:
    """Let a paused run go on from its last step when a worker is free.

    One that is not paused yet will not be; one that goes on anyway does so. Raises NotAllowed,
    NotFound, RunEnded.
    """
    run = locked(user, run)
    if run.cancel_requested:
        raise RunEnded("This run is being cancelled.")
    if run.state == RunState.PAUSED:
        change(run, state=RunState.QUEUED, queued_at=timezone.now())
        send(tasks.train, str(run.pk), queue=tasks.train_queue(run.engine))
    elif run.pause_requested:
        change(run, pause_requested=False)
    else:
        return run
    audit(user=user, project=run.project, verb="resume_run", target=run)
    publish_run(run)
    return run


def locked(user: Any, run: TrainingRun) -> TrainingRun:
    """Lock a run that has not ended; raises NotAllowed, NotFound, RunEnded.

    The lock decides against a worker that claims or finishes the run at this moment.
    """
    require(user, run.project, Role.REVIEWER)
    run = TrainingRun.objects.select_for_update(of=("self",)).get(pk=run.pk)
    if run.state in RunState.terminal_states():
        raise RunEnded(f"This run has already ended: {run.get_state_display().lower()}.")
    return run


def change(run: TrainingRun, **fields: Any) -> None:
    """Write fields of a locked run."""
    for name, value in fields.items():
        setattr(run, name, value)
    run.save(update_fields=list(fields))


def check_limits(*, seed: int, max_minutes: float | None) -> None:
    """Refuse a seed or a time that no engine can take."""
    if not 0 <= seed <= MAX_SEED:
        raise InvalidInput(f"The seed must be from 0 to {MAX_SEED}.", field="seed")
    if max_minutes is not None and not 0 < max_minutes <= MAX_MINUTES:
        raise InvalidInput(
            f"The time must be above 0 and at most {MAX_MINUTES} minutes.", field="max_minutes"
        )


def fewest_channels(manifest: dict[str, Any]) -> int:
    """Return how many channels the image of a set with the fewest has."""
    return min(int(image["n_channels"]) for image in manifest["images"])


def warnings_about(
    training_set: TrainingSet, manifest: dict[str, Any], parent: ModelVersion | None, engine: str
) -> list[str]:
    """Say what a person should know before waiting for this run."""
    said = []
    if not training_set.splits.get(Split.VALIDATION):
        said.append(
            "No region was drawn for blind validation: the version will be trained, but how good "
            "it is cannot be measured."
        )
    if registry.spec(engine).n_dims == 3:
        said += about_flat_regions(training_set, manifest)
    known = images_known_to(parent, manifest) if parent is not None else []
    if known:
        said.append(
            f"{', '.join(known[:3])}{' and others' if len(known) > 3 else ''} measure this version "
            "but taught one that it starts from, so its numbers on them are too good. "
            "Draw blind validation on images that never taught."
        )
    left_out = manifest["left_out"]
    if left_out:
        reasons = sorted({entry["reason"] for entry in left_out})
        regions = "region was" if len(left_out) == 1 else "regions were"
        said.append(f"{len(left_out)} submitted {regions} left out. " + " ".join(reasons))
    return said


def about_flat_regions(training_set: TrainingSet, manifest: dict[str, Any]) -> list[str]:
    """Say what an engine of volumes does not use: regions of a single plane."""
    said = []
    held_out = training_set.splits.get(Split.VALIDATION)
    if held_out and not n_deep_regions(manifest, Split.VALIDATION):
        said.append(
            "No blind validation region has several planes, so how good the version is on volumes "
            "cannot be measured."
        )
    taught = training_set.splits.get(Split.TRAIN, {}).get("regions", 0)
    n_flat = taught - n_deep_regions(manifest)
    if n_flat:
        said.append(f"Training regions of a single plane are not used by this engine: {n_flat}.")
    return said
