"""Connections to the site's database outside of Django's own."""

from __future__ import annotations

from typing import Any

from django.db import connections


def connection_parameters(name: str = "cytoloop") -> dict[str, Any]:
    """Return libpq's parameters of the default database (of the test database under test)."""
    settings = connections["default"].settings_dict
    known = {
        "dbname": settings["NAME"],
        "user": settings["USER"],
        "password": settings["PASSWORD"],
        "host": settings["HOST"],
        "port": settings["PORT"],
    }
    options = {key: value for key, value in settings["OPTIONS"].items() if key != "pool"}
    given = {key: str(value) for key, value in known.items() if value}
    return {**given, **options, "application_name": name}
