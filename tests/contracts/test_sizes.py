"""The figures of `make lint` count what they say."""

from __future__ import annotations

from tests.contracts.sizes import comments_and_code

SAMPLE = '''"""A docstring.

# no comment in it
"""

import os  # why this one
import sys  # noqa: F401

# A reason
# in two lines.
def function():
    """Say so."""
    text = "# no comment"

    return text  # type: ignore[return-value]  # the stubs are wrong here
'''


def test_comments_behind_code_count_and_instructions_to_tools_do_not():
    commented, filled = comments_and_code(SAMPLE)

    assert commented == 4
    assert filled == 7
