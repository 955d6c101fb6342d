"""How a measurement tells what it found."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def tell(result: Mapping[str, Any], *, as_json: bool) -> None:
    """Print names and values in two columns, or as JSON."""
    if as_json:
        print(json.dumps(result))
        return
    width = max(map(len, result))
    for name, value in result.items():
        print(f"{name:>{width}}  {value}")
