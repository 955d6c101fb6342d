"""Train an engine on what is annotated in a project, and wait for the version."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, ClassVar

from django.core.management.base import CommandParser

from annotations.management.commands.import_labels import an_owner
from annotations.models import Project
from project.errors import Conflict, InvalidInput, JobError, NotFound
from project.headless import HeadlessCommand
from training.actions.runs import cancel_run, queue_run
from training.engines import registry
from training.models import Evaluation, RunState, TrainingRun
from training.queries.versions import version_by_name
from training.tasks import predict_queue, train_queue

LOOK_EVERY_S = 0.5  # two cheap queries; an epoch takes seconds


class RunFailed(JobError):
    """The run ended without a version."""

    code: ClassVar[str] = "run_failed"


class Command(HeadlessCommand):
    """`manage.py train --project NAME --engine ENGINE`."""

    help = (
        "Train an engine on the submitted regions of a project. The drafts of its images are made "
        "by the site, at once or when it runs next."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--project", required=True, metavar="NAME")
        parser.add_argument("--engine", required=True, help=", ".join(registry.names()))
        parser.add_argument(
            "--start",
            default="scratch",
            metavar="START",
            help="scratch, a model version (id, v3, PROJECT/v3), or an official model by name",
        )
        parser.add_argument("--seed", type=int, default=0, metavar="N")
        parser.add_argument("--minutes", type=float, metavar="M", help="time for the training")
        parser.add_argument("--channels", metavar="0,1", help="channels to look at, from 0")
        parser.add_argument("--params", default="{}", metavar="JSON", help="engine parameters")

    def needed_queues(self, **options: Any) -> Sequence[str]:
        engine = registry.spec(options["engine"]).name
        return (train_queue(engine), predict_queue(engine))

    def work(self, **options: Any) -> dict[str, Any]:
        project = Project.objects.filter(name=options["project"]).first()
        if project is None:
            raise NotFound(f"There is no project {options['project']!r}; import its images first.")
        user = an_owner(project)
        began = time.monotonic()
        run = queue_run(
            user=user,
            project=project,
            engine=options["engine"],
            start=start_of(options["start"], engine=options["engine"], project=project),
            params=parsed_params(options["params"]),
            seed=options["seed"],
            max_minutes=options["minutes"],
            channels=parsed_channels(options["channels"]),
        )
        try:
            run = self.wait_for_run(run)
            evaluations = self.wait_for_evaluations(run)
        except KeyboardInterrupt:
            with suppress(Conflict):  # it had ended already
                cancel_run(user=user, run=run)
            raise
        return result_of(run, evaluations, time.monotonic() - began)

    def wait_for_run(self, run: TrainingRun) -> TrainingRun:
        """Show how the run goes until it ended, over its pauses too; raises RunFailed."""
        while run.state not in RunState.terminal_states():
            self.show(run)
            time.sleep(LOOK_EVERY_S)
            run = TrainingRun.objects.select_related("project", "training_set").get(pk=run.pk)
        if run.state != RunState.FINISHED:
            raise RunFailed(
                run.error_message or f"The run ended as {run.state}.", run=str(run.pk), log=run.log
            )
        return run

    def show(self, run: TrainingRun) -> None:
        """Show where the run stands."""
        if run.state == RunState.PAUSED:
            self.progress(f"Run {run.number}: paused{at_step(run)}; continue it on its page")
            return
        stage = run.progress.get("stage", "waiting for a worker")
        epoch = run.progress.get("epoch")
        if epoch is None:
            self.progress(f"Run {run.number}: {stage}")
            return
        newest = run.epochs.order_by("-epoch").first()
        loss = f", loss {newest.train_loss:.4g}" if newest and newest.train_loss else ""
        left = run.progress.get("seconds_left")
        more = f", {left:.0f} s left" if left else ""
        self.progress(f"Run {run.number}: {stage}{loss}{more}, epoch", epoch, run.progress["of"])

    def wait_for_evaluations(self, run: TrainingRun) -> list[Evaluation]:
        """Wait until the version is measured."""
        while True:
            rows = list(
                Evaluation.objects.filter(version=run.version, training_set=run.training_set)
            )
            if all(row.state in RunState.terminal_states() for row in rows):
                return rows
            self.progress(f"Run {run.number}: measuring the version")
            time.sleep(LOOK_EVERY_S)

    def text(self, result: dict[str, Any]) -> str:
        lines = [f"{result['name']}: {result['engine']}, {result['seconds']:.0f} s."]
        lines += [f"Note: {sentence}" for sentence in result["warnings"]]
        for evaluation in result["evaluations"]:
            pooled = evaluation["metrics"].get("pooled")
            lines.append(
                f"{evaluation['split']}: AP@0.5 {pooled['ap']['0.5']:.3f}, "
                f"PQ {pooled['panoptic_quality']:.3f}"
                if pooled
                else f"{evaluation['split']}: {evaluation['error_message']}"
            )
        return "\n".join(lines)


def at_step(run: TrainingRun) -> str:
    """Say where a paused run stands; nothing when it made no step yet."""
    step, n_steps = run.progress.get("step"), run.progress.get("n_steps")
    return f" at step {step} of {n_steps}" if step and n_steps else ""


def start_of(start: str, *, engine: str, project: Project) -> str:
    """Return a start as the action takes it: from scratch, an official model's or a version's name.

    Raises NotFound and InvalidInput with a sentence.
    """
    if start == "scratch" or start.startswith(("version:", "pretrained:")):
        return start
    if start in registry.spec(engine).pretrained:
        return f"pretrained:{start}"
    try:
        short = "/" not in start and start[:1] in "vV" and start[1:].isdecimal()
        version = version_by_name(start, project=project if short else None)
    except InvalidInput as error:
        offer = ", ".join(registry.spec(engine).pretrained) or "none"
        raise InvalidInput(
            f"{start!r} is neither scratch, nor a model version (v3, PROJECT/v3, an id), nor an "
            f"official model of {engine} ({offer})."
        ) from error
    return f"version:{version.pk}"


def parsed_params(text: str) -> dict[str, Any]:
    """Read --params; raises InvalidInput."""
    try:
        params = json.loads(text)
    except ValueError as error:
        raise InvalidInput(f"--params is no JSON: {error}.") from error
    if not isinstance(params, dict):
        raise InvalidInput('--params must be a JSON object, such as {"steps": 100}.')
    return params


def parsed_channels(text: str | None) -> list[int] | None:
    """Read --channels; raises InvalidInput."""
    if text is None:
        return None
    try:
        return [int(part) for part in text.split(",")]
    except ValueError as error:
        raise InvalidInput("--channels must be numbers such as 0,1.") from error


def result_of(run: TrainingRun, evaluations: list[Evaluation], seconds: float) -> dict[str, Any]:
    """Return what the command prints."""
    version = run.version
    return {
        "run": str(run.pk),
        "version": str(version.pk),
        "number": version.number,
        "name": f"{run.project.name}/v{version.number}",
        "engine": run.engine,
        "seed": run.seed,
        "seconds": round(seconds, 1),
        "n_epochs": run.epochs.count(),
        "training_set": str(run.training_set_id),
        "warnings": run.warnings,
        "evaluations": [
            {
                "split": evaluation.split,
                "state": evaluation.state,
                "error_message": evaluation.error_message,
                "metrics": evaluation.metrics,
            }
            for evaluation in evaluations
        ],
    }
