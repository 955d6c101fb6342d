"""The embedded PostgreSQL server: where it lies, how it is reached, started and stopped."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from psycopg.conninfo import conninfo_to_dict


def database_settings(url: str, data_dir: Path) -> dict[str, Any]:
    """Return Django's DATABASES entry for a URL, or for the embedded server when it is empty."""
    parts = conninfo_to_dict(url) if url else local_address(data_dir)
    known = {"dbname", "user", "password", "host", "port"}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.get("dbname", "cytoloop"),
        "USER": parts.get("user", ""),
        "PASSWORD": parts.get("password", ""),
        "HOST": parts.get("host", ""),
        "PORT": str(parts.get("port", "")),
        "OPTIONS": {
            # No CONN_MAX_AGE under ASGI: it holds one connection per thread for ever.
            "pool": {"min_size": 1, "max_size": 8, "timeout": 20},
            **{key: value for key, value in parts.items() if key not in known},
        },
    }


def local_address(data_dir: Path) -> dict[str, Any]:
    """Return the connection parameters of the embedded server of a data directory."""
    password_file = data_dir / "postgres" / "password"
    password = password_file.read_text(encoding="utf-8") if password_file.exists() else ""
    return {
        "dbname": "cytoloop",
        "user": "cytoloop",
        "password": password,
        "host": str(data_dir / "postgres" / "run"),
        "port": "5432",
    }
