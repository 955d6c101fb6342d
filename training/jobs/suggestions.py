"""Select regions: what is worth painting next, and why; the products are suggestions."""

from __future__ import annotations

from typing import Any

from project.errors import DataProblem
from training.jobs import news
from training.jobs.attempt import Attempt, Ended, attempt
from training.models import Selection


class NothingToSuggest(DataProblem):
    """No image has a place left that could be painted."""

    code = "nothing_to_suggest"


def select_regions(selection_id: Any) -> Ended[int]:
    """Make a selection; a second message for the same row does nothing."""
    return attempt(Selection, selection_id, _select, on_change=tell)


def tell(selection_id: Any) -> None:
    """Tell open pages how a selection stands."""
    row = Selection.objects.defer("log", "traceback").filter(pk=selection_id).first()
    if row is not None:
        news.publish_selection(row)


def _select(ours: Attempt[Selection]) -> int:
    raise NothingToSuggest("There is nothing to suggest.")


def due_selections(engine: str) -> list[Any]:
    """Make the rows."""
    return []
