"""Pages of a project's training, of a run and of a model version."""

from __future__ import annotations

import uuid
from typing import Any

from annotations.pages.base import ProjectPageView
from training.queries.overview import engine_title, ready_to_train
from training.queries.runs import one_run
from training.queries.versions import one_version


class TrainingPage(ProjectPageView):
    """What is annotated, the form that starts a run, runs and versions."""

    template_name = "training/training.html"
    tab = "training"

    def context(self, project_id: uuid.UUID, **kwargs: Any) -> dict[str, Any]:
        """Return what a run would learn from."""
        membership = self.membership(project_id)
        project = membership.project
        return {
            **self.frame(membership),
            "ready": ready_to_train(project),
            "has_stacks": project.images.filter(n_z__gt=1).exists(),
        }


class RunPage(ProjectPageView):
    """One training run, live."""

    template_name = "training/run.html"
    tab = "training"

    def context(self, run_id: uuid.UUID, **kwargs: Any) -> dict[str, Any]:
        """Return the run; a stranger to its project cannot tell whether it exists."""
        run = one_run(self.request.user, run_id)
        return {
            **self.frame(self.membership(run.project_id)),
            "run": run,
            "engine_title": engine_title(run.engine),
        }


class VersionPage(ProjectPageView):
    """One model version: where it comes from and how well it does."""

    template_name = "training/version.html"
    tab = "training"

    def context(self, version_id: uuid.UUID, **kwargs: Any) -> dict[str, Any]:
        """Return the version; a stranger to its project cannot tell whether it exists."""
        version = one_version(self.request.user, version_id)
        return {
            **self.frame(self.membership(version.project_id)),
            "version": version,
            "engine_title": engine_title(version.engine),
        }
