"""Actions on suggestions: asking what to paint next, taking a suggestion, dismissing it."""

from __future__ import annotations

import uuid
from typing import Any, ClassVar

from django.db import transaction
from django.utils import timezone

from annotations.actions.audit import audit
from annotations.actions.regions import open_region
from annotations.models import Coverage, Project, Purpose, Role
from annotations.rules import require
from project.broker import send
from project.errors import Conflict, InvalidInput
from training import tasks
from training.jobs.news import publish_selection
from training.models import Selection, Suggestion, SuggestionState
from training.queries.suggestions import (
    one_suggestion,
    open_selection,
    selections_of,
)
from training.queries.versions import newest_drafting_version

MOST_WANTED = 64  # more than anybody paints before the next version
USUALLY_WANTED = 8
MAX_SEED = 2**31 - 1


class SuggestionDecided(Conflict):
    """Somebody took or dismissed the suggestion before."""

    code: ClassVar[str] = "suggestion_decided"


@transaction.atomic
def suggest_regions(
    *, user: Any, project: Project, n: int = USUALLY_WANTED, seed: int | None = None
) -> Selection:
    """Queue a selection of regions worth painting next; one that is under way is returned.

    Raises NotAllowed, NotFound, InvalidInput.
    """
    require(user, project, Role.ANNOTATOR)
    check_wish(n, seed)
    # Of two who ask at once, the second finds the first one's selection.
    project = Project.objects.select_for_update(no_key=True).get(pk=project.pk)
    waiting = open_selection(project)
    if waiting is not None:
        return waiting
    selection = Selection.objects.create(
        project=project,
        version=newest_drafting_version(project),
        n_wanted=n,
        # Not always 0: who asks again without having painted wants to see other regions.
        seed=selections_of(project).count() if seed is None else seed,
        created_by=user,
    )
    audit(
        user=user,
        project=project,
        verb="suggest_regions",
        target=selection,
        n=n,
        seed=selection.seed,
        version=str(selection.version_id) if selection.version_id else None,
    )
    publish_selection(selection)
    queue = tasks.selection_queue(selection.version.engine if selection.version else "")
    send(tasks.select_regions, str(selection.pk), queue=queue)
    return selection


def check_wish(n: int, seed: int | None) -> None:
    """Refuse a number or seed that cannot be used; raises InvalidInput."""
    if not 1 <= n <= MOST_WANTED:
        raise InvalidInput(f"Ask for 1 to {MOST_WANTED} suggestions.", field="n")
    if seed is not None and not 0 <= seed <= MAX_SEED:
        raise InvalidInput(f"The seed must be from 0 to {MAX_SEED}.", field="seed")


@transaction.atomic
def take_suggestion(*, user: Any, suggestion_id: uuid.UUID) -> Suggestion:
    """Open the suggested region for painting; asked twice by one person, it is opened once.

    A suggestion whose region was deleted since may be taken again.
    Raises NotAllowed, NotFound, SuggestionDecided, RegionsOverlap, RegionNotBlind.
    """
    suggestion = one_suggestion(user, suggestion_id, Role.ANNOTATOR, lock=True)
    if suggestion.state == SuggestionState.TAKEN and suggestion.region_id is not None:
        if suggestion.decided_by_id == user.pk:
            return suggestion
        raise SuggestionDecided(
            "Somebody else has opened this region already; choose another one.",
            region=str(suggestion.region_id),
        )
    if suggestion.state == SuggestionState.DISMISSED:
        raise SuggestionDecided("This suggestion was dismissed; choose another one.")
    suggestion.region = open_region(
        user=user,
        image_id=suggestion.image_id,
        box=(suggestion.row0, suggestion.col0, suggestion.row1, suggestion.col1),
        coverage=Coverage.COMPLETE,
        purpose=Purpose(suggestion.purpose),
        plane=(suggestion.t, suggestion.z),
    )
    _decide(user, suggestion, SuggestionState.TAKEN, "take_suggestion")
    return suggestion


@transaction.atomic
def dismiss_suggestion(*, user: Any, suggestion_id: uuid.UUID) -> Suggestion:
    """Say that a suggestion is not worth painting; its place is not suggested again.

    Raises NotAllowed, NotFound, and SuggestionDecided when its region was opened.
    """
    suggestion = one_suggestion(user, suggestion_id, Role.ANNOTATOR, lock=True)
    if suggestion.state == SuggestionState.DISMISSED:
        return suggestion
    if suggestion.state == SuggestionState.TAKEN and suggestion.region_id is not None:
        raise SuggestionDecided(
            "This region was opened already; delete it in the editor if it is not wanted.",
            region=str(suggestion.region_id),
        )
    _decide(user, suggestion, SuggestionState.DISMISSED, "dismiss_suggestion")
    return suggestion


def _decide(user: Any, suggestion: Suggestion, state: SuggestionState, verb: str) -> None:
    suggestion.state = state
    suggestion.decided_by = user
    suggestion.decided_at = timezone.now()
    suggestion.save(update_fields=["state", "region", "decided_by", "decided_at"])
    audit(
        user=user,
        project=suggestion.image.project,
        verb=verb,
        target=suggestion,
        image=str(suggestion.image_id),
        strategy=suggestion.strategy,
        rank=suggestion.rank,
        region=str(suggestion.region_id) if suggestion.region_id else None,
    )
    publish_selection(suggestion.selection)
