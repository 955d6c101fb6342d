"""Select regions: what is worth painting next, and why; the products are suggestions."""

from __future__ import annotations

import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
from django.db import transaction

from annotations.actions.audit import audit
from annotations.models import Project, Purpose
from annotations.queries.regions import touching
from project.errors import DataProblem
from training.acquisition.batch import choose_doubtful, quota, score
from training.acquisition.typicality import choose_typical
from training.jobs import news
from training.jobs.attempt import Attempt, Ended, attempt
from training.jobs.pool import Place, Pool, draw_places, look_at_places
from training.jobs.reasons import BLIND_REASON, RANDOM_REASON, doubtful_reason, typical_reason
from training.jobs.second_looks import Doubtful, doubt_places
from training.models import RunState, Selection, Strategy, Suggestion
from training.queries.candidates import n_blind_regions, open_images, typical_area
from training.queries.suggestions import open_selection, selections_of, versions_without_selection

TELL_EVERY_S = 1.0
BEST_BEFORE_BLIND = 2  # the first suggestions are chosen ones, then come those for validation


class NothingToSuggest(DataProblem):
    """No image has a place left that could be painted."""

    code: ClassVar[str] = "nothing_to_suggest"


@dataclass(frozen=True, slots=True)
class Choice:
    """A place on its way to being a suggestion."""

    place: Place
    strategy: Strategy
    reason: str
    purpose: Purpose = Purpose.TRAINING
    score: float | None = None
    facts: dict[str, Any] = field(default_factory=dict)


def select_regions(selection_id: Any) -> Ended[int]:
    """Make a selection; a second message for the same row does nothing."""
    return attempt(Selection, selection_id, _select, on_change=tell)


def tell(selection_id: Any) -> None:
    """Tell open pages how a selection stands."""
    row = Selection.objects.defer("log", "traceback").filter(pk=selection_id).first()
    if row is not None:
        news.publish_selection(row)


def due_selections(engine: str) -> list[uuid.UUID]:
    """Make a selection for each trained version whose drafts are all drawn; return their ids.

    One per version, and none while another one of the project is under way.
    """
    made = []
    for version in versions_without_selection(engine):
        with transaction.atomic():
            # Of two workers that draw the last drafts, the second finds the first one's row.
            project = Project.objects.select_for_update(no_key=True).get(pk=version.project_id)
            if open_selection(project) or Selection.objects.filter(version=version).exists():
                continue
            n_earlier = selections_of(project).count()
            selection = Selection.objects.create(project=project, version=version, seed=n_earlier)
            news.publish_selection(selection)
            made.append(selection.pk)
    return made


def _select(ours: Attempt[Selection]) -> int:
    selection = Selection.objects.select_related("project", "version").get(pk=ours.pk)
    choices = _Choosing(selection, ours).choose()
    with transaction.atomic():
        _store(selection, choices)
        ours.finish(RunState.FINISHED, progress={"stage": "done"})
    return len(choices)


class _Choosing:
    """One selection: the pool, what was seen of it, and what is chosen already."""

    def __init__(self, selection: Selection, ours: Attempt[Selection]) -> None:
        self._selection, self._ours = selection, ours
        self._rng = np.random.default_rng(selection.seed)
        self._told_at = 0.0

    def choose(self) -> list[Choice]:
        """Return what to suggest, the best first; raises NothingToSuggest."""
        selection = self._selection
        project = selection.project
        images = open_images(project)
        places = draw_places(images, typical_area(project), self._rng)
        if not places:
            raise NothingToSuggest(_why_nothing(project, bool(images)))
        pool = look_at_places(project, places, selection.version, self._tell)
        share = quota(
            selection.n_wanted,
            n_earlier=selections_of(project).filter(created_at__lt=selection.created_at).count(),
            n_blind=n_blind_regions(project),
        )
        blind = self._draw_blind(pool, share.blind)
        held_out = {choice.place.where.unit for choice in blind}
        teaching = [
            index
            for index, place in enumerate(pool.places)
            if place.where.may_teach and place.where.unit not in held_out
        ]
        drawn = self._rng.permutation(teaching)[: share.random].tolist()
        rest = [index for index in teaching if index not in set(drawn)]
        # Places that blind validation could not use go to the strategy.
        n_best = selection.n_wanted - len(blind) - len(drawn)
        # The random ones early too: their drafts are corrected as well, the doubtful objects first.
        doubted = self._doubt(pool, [*rest[:n_best], *drawn, *rest[n_best:]])
        best = self._doubtful(pool, doubted, rest, n_best)
        # No model yet, or too little time to doubt as many as wanted.
        used = {choice.place for choice in best}
        rest = [index for index in rest if pool.places[index] not in used]
        best += self._typical(pool, rest, n_best - len(best))
        random = [self._random(pool, doubted, index) for index in drawn]
        found = [*best[:BEST_BEFORE_BLIND], *blind, *best[BEST_BEFORE_BLIND:], *random]
        if not found:
            raise NothingToSuggest(
                "All that is left belongs to validation, for which there are enough regions. "
                "Upload more images, or set some to training."
            )
        return found

    def _draw_blind(self, pool: Pool, n: int) -> list[Choice]:
        """Draw places for blind validation, each of another image, slide or patient.

        Of those that could teach as well, at most half are taken away from teaching.
        """
        teachers = {p.where.unit for p in pool.places if p.where.may_teach}
        both = {p.where.unit for p in pool.places if p.where.may_teach and p.may_measure}
        left = (len(both) + (len(teachers) > len(both))) // 2
        chosen: dict[str, Choice] = {}
        for index in self._rng.permutation(len(pool.places)):
            place = pool.places[int(index)]
            unit = place.where.unit
            if len(chosen) == n:
                break
            if not place.may_measure or unit in chosen or (unit in both and left < 1):
                continue
            left -= unit in both
            chosen[unit] = Choice(place, Strategy.RANDOM, BLIND_REASON, Purpose.BLIND_VALIDATION)
        return list(chosen.values())

    def _typical(self, pool: Pool, indices: Sequence[int], n: int) -> list[Choice]:
        picked = choose_typical(
            pool.vectors[indices],
            pool.labelled,
            [pool.places[i].where.unit for i in indices],
            n=n,
            seed=self._selection.seed,
        )
        return [
            Choice(
                pool.places[indices[one.index]],
                Strategy.TYPICAL,
                typical_reason(one.n_alike),
                score=one.typicality,
                facts={"n_alike": one.n_alike},
            )
            for one in picked
        ]

    def _doubt(self, pool: Pool, indices: Sequence[int]) -> dict[int, Doubtful]:
        """Look again at the version's drafts of places, as many as the time allows."""
        version = self._selection.version
        if version is None:
            return {}
        places = [pool.places[index] for index in indices]
        found = doubt_places(version, places, self._ours, self._tell)
        return {indices[number]: seen for number, seen in found.items()}

    def _doubtful(
        self, pool: Pool, doubted: dict[int, Doubtful], indices: Sequence[int], n: int
    ) -> list[Choice]:
        looked = [index for index in indices if index in doubted]
        seen = [doubted[index] for index in looked]
        scores = np.array([score(one.expected_wrong, one.missed, one.seconds) for one in seen])
        picked = choose_doubtful(scores, pool.vectors[looked], pool.labelled, n)
        return [
            Choice(
                pool.places[looked[one]],
                Strategy.DOUBTFUL,
                doubtful_reason(seen[one]),
                score=float(scores[one]),
                facts=seen[one].facts(),
            )
            for one in picked
        ]

    def _random(self, pool: Pool, doubted: dict[int, Doubtful], index: int) -> Choice:
        facts = doubted[index].facts() if index in doubted else {}
        return Choice(pool.places[index], Strategy.RANDOM, RANDOM_REASON, facts=facts)

    def _tell(self, stage: str, done: int, of: int) -> None:
        """Say how far it is; raises what the heartbeat heard."""
        now = time.monotonic()
        if now - self._told_at < TELL_EVERY_S:
            return
        self._told_at = now
        self._ours.check()
        self._ours.write(progress={"stage": stage, "done": done, "of": of})
        tell(self._ours.pk)


def _why_nothing(project: Project, has_images: bool) -> str:
    if not project.images.exists():
        return "There are no images yet; upload some first."
    if not has_images:
        return (
            "No image is ready for it: they are still being read, could not be read, or belong "
            "to the test split."
        )
    return (
        "Every part of every image is covered by a region already, or its suggestion was "
        "dismissed. Upload more images, or submit the open regions and train."
    )


def _store(selection: Selection, choices: Sequence[Choice]) -> None:
    """Make the suggestions, without places where somebody opened a region meanwhile."""
    choices = [one for one in choices if not _is_taken(one.place)]
    Suggestion.objects.bulk_create(
        [
            Suggestion(
                selection=selection,
                rank=rank,
                image=choice.place.image,
                t=choice.place.plane[0],
                z=choice.place.plane[1],
                row0=choice.place.box[0],
                col0=choice.place.box[1],
                row1=choice.place.box[2],
                col1=choice.place.box[3],
                purpose=choice.purpose,
                strategy=choice.strategy,
                reason=choice.reason,
                score=choice.score,
                facts=choice.facts,
            )
            for rank, choice in enumerate(choices, start=1)
        ]
    )
    audit(
        user=selection.created_by,
        project=selection.project,
        verb="select_regions",
        target=selection,
        n=len(choices),
        version=str(selection.version_id) if selection.version_id else None,
    )


def _is_taken(place: Place) -> bool:
    t, z = place.plane
    return touching(place.image, place.box, t=t, z=z).exists()
