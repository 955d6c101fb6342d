"""The sentences that say why a region was chosen."""

from __future__ import annotations

from training.jobs.second_looks import Doubtful

RANDOM_REASON = "Chosen at random, to check the choices."
BLIND_REASON = (
    "Chosen at random for blind validation: drawn without seeing a draft, it measures the models."
)


def typical_reason(n_alike: int) -> str:
    """Say how many regions a typical one stands for."""
    if n_alike < 2:
        return "It looks like no other region."
    return f"Typical of {n_alike} regions that look like this."


def doubtful_reason(seen: Doubtful) -> str:
    """Say what second looks at a draft have shown."""
    wrong, missed = round(seen.expected_wrong), round(seen.missed)
    if not seen.n_instances:
        if not missed:
            return "Nothing is drafted here; it differs from what is labelled already."
        return f"Nothing is drafted here, but about {_count(missed)} may have been missed."
    more = f", and about {missed} more to be missing" if missed else ""
    if not seen.n_changing and not wrong:
        also = f", but about {_count(missed)} may have been missed" if missed else ""
        return f"{_all(seen.n_instances)} the same when the image is turned{also}."
    wrong = max(wrong, 1)
    return (
        f"{_changing(seen)} when the image is turned: about {wrong} "
        f"{'is' if wrong == 1 else 'are'} expected to be wrong{more}."
    )


def _changing(seen: Doubtful) -> str:
    if seen.n_instances == 1:
        return "The one drafted object changes"
    if not seen.n_changing:
        return f"The {seen.n_instances} drafted objects change a little"
    verb = "changes" if seen.n_changing == 1 else "change"
    return f"{seen.n_changing} of {seen.n_instances} drafted objects {verb}"


def _count(n: int) -> str:
    return "1 object" if n == 1 else f"{n} objects"


def _all(n: int) -> str:
    return "The one drafted object looks" if n == 1 else f"All {n} drafted objects look"
