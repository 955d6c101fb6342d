"""Engines as the API and the pages show them."""

from __future__ import annotations

from typing import Any

from training.engines import registry
from training.supervision.interpreters import why_missing


def engine_list() -> list[dict[str, Any]]:
    """Describe every engine: what it makes, what it starts from, its form."""
    return [describe(name) for name in registry.names()]


def describe(name: str) -> dict[str, Any]:
    """Describe one engine; raises UnknownEngine."""
    spec = registry.spec(name)
    return {
        "name": spec.name,
        "title": spec.title,
        "version": spec.version,
        "max_channels": spec.max_channels,
        "produces": list(spec.produces),
        "pretrained": list(spec.pretrained),
        "licence": spec.licence,
        "citation": spec.citation,
        "needs_gpu": spec.needs_gpu,
        "from_scratch": registry.registration(name).from_scratch,
        "missing": why_missing(name),
        "params": registry.params_schema(name),
        "schema": json_schema(registry.params_schema(name)),
    }


JSON_TYPES = {"int": "integer", "float": "number", "bool": "boolean", "str": "string"}


def json_schema(params: list[dict[str, Any]]) -> dict[str, Any]:
    """Turn an engine's parameters into a JSON schema for forms and scripts."""
    properties = {}
    for param in params:
        entry = {
            "type": JSON_TYPES.get(param["type"], "string"),
            "title": param["title"],
            "description": param["help"],
            "default": param["default"],
            "minimum": param["low"],
            "maximum": param["high"],
            "enum": param["choices"] or None,
        }
        properties[param["name"]] = {k: v for k, v in entry.items() if v is not None}
    return {"type": "object", "additionalProperties": False, "properties": properties}
