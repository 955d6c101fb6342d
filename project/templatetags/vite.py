"""The tag that puts a front-end entry on a page, by the manifest that the build wrote."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django import template
from django.conf import settings
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from project.errors import Unavailable

register = template.Library()

MANIFEST = Path(settings.BASE_DIR) / "project" / "static" / "dist" / "manifest.json"


class FrontEndNotBuilt(Unavailable):
    """The pages' scripts were never built."""

    code = "front_end_not_built"


@register.simple_tag
def vite_entry(source: str) -> SafeString:
    """Return the script and style tags of an entry, e.g. `src/pages.tsx`.

    The build's own names carry a hash, so they are served as they are: a second hash from the
    static storage would load a module twice, once under each name.
    """
    manifest = read_manifest()
    if source not in manifest:
        raise FrontEndNotBuilt(f"The front-end build has no entry {source}; build it again.")
    styles = format_html_join(
        "\n",
        '<link rel="stylesheet" href="{}">',
        ((url(name),) for name in css_of(manifest, source)),
    )
    script = format_html('<script type="module" src="{}"></script>', url(manifest[source]["file"]))
    return format_html("{}\n{}", styles, script)


def read_manifest() -> dict[str, Any]:
    """Read the build's list of files; raises FrontEndNotBuilt."""
    try:
        loaded: dict[str, Any] = json.loads(MANIFEST.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise FrontEndNotBuilt(
            "The front end is not built yet: run `make setup` (or `npx vite build` in the folder "
            "frontend) and load the page again."
        ) from error
    return loaded


def css_of(manifest: dict[str, Any], source: str, seen: frozenset[str] = frozenset()) -> list[str]:
    """Return the style files of an entry and of what it imports, each once."""
    if source in seen:
        return []
    entry = manifest[source]
    names: dict[str, None] = {}
    for imported in entry.get("imports", []):
        names.update(dict.fromkeys(css_of(manifest, imported, seen | {source})))
    names.update(dict.fromkeys(entry.get("css", [])))
    return list(names)


def url(file_name: str) -> str:
    """Return the address of a built file."""
    return f"{settings.STATIC_URL}dist/{file_name}"
