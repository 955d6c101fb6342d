"""What the interpreter of the odd engine runs: the real child, with one engine exchanged."""

from __future__ import annotations

import sys

from training.engines import registry
from training.engines.specs import THRESHOLD

registry.BUILT_IN = tuple(
    registry.Registration(THRESHOLD, "tests.training.odd_engine:OddEngine")
    if one.spec.name == "threshold"
    else one
    for one in registry.BUILT_IN
)

if __name__ == "__main__":
    from training.supervision.child_main import main

    # As called: -m training.supervision.child_main MODE ENGINE
    sys.exit(main(sys.argv[3:]))
