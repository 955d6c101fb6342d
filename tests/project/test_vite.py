from __future__ import annotations

import json

import pytest
from django.template import Context, Template

from project.templatetags import vite


@pytest.fixture
def manifest(monkeypatch, tmp_path):
    """Return a function that writes what the build would have written."""
    monkeypatch.setattr(vite, "MANIFEST", tmp_path / "built.json")

    def write(**entries):
        (tmp_path / "built.json").write_text(json.dumps(entries))

    return write


def render(entry="a.tsx"):
    return Template("{% load vite %}{% vite_entry '" + entry + "' %}").render(Context())


def test_an_entry_becomes_a_module_script_under_its_built_name(manifest):
    manifest(**{"a.tsx": {"file": "assets/a-1f.js"}})

    assert render().strip() == '<script type="module" src="/static/dist/assets/a-1f.js"></script>'


def test_styles_of_what_is_imported_come_first_and_once(manifest):
    manifest(
        **{
            "a.tsx": {"file": "a.js", "css": ["a.css", "b.css"], "imports": ["b", "c"]},
            "b": {"file": "b.js", "css": ["b.css"], "imports": ["c"]},
            "c": {"file": "c.js", "css": ["c.css"], "imports": ["b"]},
        }
    )

    text = render()

    assert [text.count(f"dist/{name}.css") for name in "abc"] == [1, 1, 1]
    assert text.index("c.css") < text.index("b.css") < text.index("a.css") < text.index("<script")


def test_what_is_imported_is_fetched_along_with_the_entry_and_once(manifest):
    manifest(
        **{
            "a.tsx": {"file": "a.js", "imports": ["b", "c"]},
            "b": {"file": "b.js", "imports": ["c"]},
            "c": {"file": "c.js", "imports": ["b", "a.tsx"]},
        }
    )

    text = render()

    tags = [f'<link rel="modulepreload" href="/static/dist/{name}.js">' for name in "abc"]
    assert [text.count(tag) for tag in tags] == [0, 1, 1]


def test_a_front_end_that_was_not_built_says_what_to_do(manifest):
    with pytest.raises(vite.FrontEndNotBuilt, match="make setup"):
        render()


def test_a_build_without_the_entry_says_so(manifest):
    manifest(other={"file": "b.js"})

    with pytest.raises(vite.FrontEndNotBuilt, match=r"a\.tsx"):
        render()


def test_a_half_written_manifest_is_no_crash(manifest, tmp_path):
    (tmp_path / "built.json").write_text('{"a.tsx"')

    with pytest.raises(vite.FrontEndNotBuilt):
        render()
