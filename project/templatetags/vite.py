"""The tag that puts a front-end entry on a page, by the manifest that the build wrote."""

from __future__ import annotations

import json
from collections.abc import Iterable
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
    needed = imports_of(manifest, source)
    css = dict.fromkeys(name for one in needed for name in manifest[one].get("css", []))
    styles = links('<link rel="stylesheet" href="{}">', css)
    # Else the browser hears of them when it has read the entry.
    others = (manifest[one]["file"] for one in needed if one != source)
    modules = links('<link rel="modulepreload" href="{}">', others)
    script = format_html('<script type="module" src="{}"></script>', url(manifest[source]["file"]))
    return format_html("{}\n{}\n{}", styles, modules, script)


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


def imports_of(manifest: dict[str, Any], source: str) -> list[str]:
    """Return an entry and all that it imports, each once, what is imported first."""
    found: dict[str, None] = {}

    def visit(name: str, above: frozenset[str]) -> None:
        for imported in manifest[name].get("imports", []):
            if imported not in above and imported not in found:
                visit(imported, above | {imported})
        found[name] = None

    visit(source, frozenset({source}))
    return list(found)


def links(tag: str, files: Iterable[str]) -> SafeString:
    """Return a tag for each built file."""
    return format_html_join("\n", tag, ((url(name),) for name in files))


def url(file_name: str) -> str:
    """Return the address of a built file."""
    return f"{settings.STATIC_URL}dist/{file_name}"
