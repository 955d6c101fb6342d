"""Calling the commands as a terminal does."""

from __future__ import annotations

import io

from django.core.management import call_command


def run(*arguments: object) -> tuple[object, str, str]:
    """Call a command and return (exit code, what it printed, what it complained)."""
    out, err = io.StringIO(), io.StringIO()
    try:
        call_command(*map(str, arguments), stdout=out, stderr=err)
    except SystemExit as end:
        return end.code, out.getvalue(), err.getvalue()
    return 0, out.getvalue(), err.getvalue()
