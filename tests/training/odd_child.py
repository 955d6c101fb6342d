"""What the interpreter of the odd engine runs: the real child, with two engines exchanged."""

from __future__ import annotations

import sys

from training.engines import registry

registry.BUILT_IN = tuple(
    registry.Registration(one.spec, "tests.training.odd_engine:OddEngine")
    if one.spec.name in ("threshold", "stardist_3d")
    else one
    for one in registry.BUILT_IN
)

if __name__ == "__main__":
    from training.supervision.child_main import main

    # As called: -m training.supervision.child_main MODE ENGINE
    sys.exit(main(sys.argv[3:]))
