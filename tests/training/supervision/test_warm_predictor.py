from __future__ import annotations

from training.supervision.child_main import WarmPredictor


class Loading:
    def __init__(self):
        self.loaded = []

    def load(self, checkpoint, *, device, n_threads, fast=False):
        self.loaded.append((str(checkpoint), fast))
        return object()


def asked(checkpoint, **fields):
    return {"checkpoint": checkpoint, "device": "cpu", "n_threads": 1, **fields}


def test_a_checkpoint_is_loaded_once_for_each_way():
    warm = WarmPredictor("threshold")
    warm._engine = Loading()
    first = warm.ready(asked("a"))

    assert warm.ready(asked("a", fast=False)) is first
    fast = warm.ready(asked("a", fast=True))
    assert fast is not first
    assert warm.ready(asked("a", fast=True)) is fast
    warm.ready(asked("b", fast=True))
    assert warm._engine.loaded == [("a", False), ("a", True), ("b", True)]
