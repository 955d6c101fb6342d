"""What the pages for people name is there: files, names in them, commands, settings, addresses."""

from __future__ import annotations

import importlib
import re
from functools import cache
from pathlib import Path

import pytest
import yaml
from django.core.management import get_commands

ROOT = Path(__file__).resolve().parents[2]
PAGES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
]
CODE = ("annotations", "training", "project", "frontend", "tests", "benchmarks", "docker", "docs")
SUFFIXES = ("py", "ts", "tsx", "css", "cjs", "md", "yml", "yaml")
# Where paths begin that are not written from the top.
STARTS = ("", "frontend", "frontend/src", "frontend/src/ui/editor", "annotations", "training")
# Of the documented engine, which another test makes; and a file of another project.
ELSEWHERE = re.compile(r"pixels/|spec\.py$|scripts/export_onnx_model\.py")

CALL = re.compile(
    r"`((?:GET|POST|PUT|PATCH|DELETE)(?:/[A-Z]+)*) "  # methods, as in GET/PUT
    r"(?:/api/v1)?(/[^`\s?…]*)[`\s?]"  # address, without what is asked of it
)

each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


@cache
def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


@cache
def code_in(page: Path) -> list[str]:
    """Return what stands between single backticks on one line."""
    return re.findall(r"`([^`\n]+)`", text_of(page))


@cache
def files() -> set[str]:
    """Return the paths of the files of the project."""
    found = (path for top in CODE for path in (ROOT / top).rglob("*.*"))
    ours = (path.relative_to(ROOT) for path in (*found, *ROOT.glob("*.*")))
    return {str(path) for path in ours if not {"node_modules", "dist"} & set(path.parts)}


def found_at(name: str) -> list[str]:
    """Return the files that a name means: a path from one of the starts, or a file's own name."""
    if "/" not in name:
        return [path for path in files() if path.rsplit("/", 1)[-1] == name]
    return [path for start in STARTS if (path := f"{start}/{name}".lstrip("/")) in files()]


@each_page
def test_links_lead_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\(([^)\s]+)\)", text_of(page)):
        if "://" in link or link.startswith("mailto:"):
            continue
        path, _, anchor = link.partition("#")
        target = page.parent / path if path else page
        assert target.exists(), link
        if anchor:
            assert anchor in anchors(target), link


def anchors(page: Path) -> set[str]:
    """Return what the headings of a page can be linked by."""
    headings = re.findall(r"^#+ (.*)$", text_of(page), re.M)
    plain = (re.sub(r"[^\w\s-]", "", heading.lower()) for heading in headings)
    return {heading.strip().replace(" ", "-") for heading in plain}


@each_page
def test_files_are_where_it_says(page: Path) -> None:
    for code in code_in(page):
        path, _, names = code.partition(": ")
        if re.search(r"[A-Z]{3}|\s", path) or ELSEWHERE.match(path):
            continue  # a place to be filled in, or no path
        if not re.fullmatch(rf"[\w./-]+\.({'|'.join(SUFFIXES)})", path):
            continue
        there = found_at(path)
        assert there, path
        text = "".join((ROOT / one).read_text(encoding="utf-8") for one in there)
        assert all(re.search(rf"\b{name}\b", text) for name in re.findall(r"\w+", names)), code


@each_page
def test_folders_are_where_it_says(page: Path) -> None:
    for code in code_in(page):
        if re.fullmatch(rf"({'|'.join(CODE)})(/[a-z_]+)*/?", code):
            assert (ROOT / code).is_dir() or (ROOT / f"{code}.py").is_file(), code


@each_page
def test_dotted_names_can_be_imported(page: Path) -> None:
    for code in code_in(page):
        if not re.fullmatch(r"(annotations|training|project|tests)(\.\w+)+", code):
            continue
        module, _, name = code.rpartition(".")
        assert has(module, name), code


def has(module: str, name: str) -> bool:
    try:
        return hasattr(importlib.import_module(module), name) or bool(
            importlib.import_module(f"{module}.{name}")
        )
    except ModuleNotFoundError:
        return False


@each_page
def test_commands_are_there(page: Path) -> None:
    named = set(re.findall(r"manage\.py ([a-z_]+)", text_of(page)))
    assert named <= get_commands().keys()


@each_page
def test_targets_of_make_are_there(page: Path) -> None:
    named = {match[1] for code in code_in(page) if (match := re.match(r"make ([\w-]+)", code))}
    targets = re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M)
    assert named <= set(targets)


@each_page
def test_settings_are_read_somewhere(page: Path) -> None:
    named = set(re.findall(r"`(CYTOLOOP_[A-Z_]+[A-Z])", text_of(page)))
    engines = "CYTOLOOP_ENGINE_PYTHON_"  # one for each engine
    unread = {name for name in named if name.removesuffix("_FILE") not in settings_read()}
    assert not {name for name in unread if not name.startswith(engines)}


@cache
def settings_read() -> str:
    code = [ROOT / path for path in files() if path.endswith(".py")]
    return "\n".join(one.read_text(encoding="utf-8") for one in code if one != Path(__file__))


@each_page
def test_addresses_are_served(page: Path) -> None:
    for methods, address in CALL.findall(text_of(page)):
        served = interface().get(anonymous(address), set())
        assert set(methods.split("/")) <= served, f"{methods} {address}"


@cache
def interface() -> dict[str, set[str]]:
    """Return which methods each address takes, from the description of the interface."""
    described = yaml.safe_load((ROOT / "docs" / "api" / "openapi.yaml").read_text(encoding="utf-8"))
    return {
        anonymous(path.removeprefix("/api/v1")): {method.upper() for method in operations}
        for path, operations in described["paths"].items()
    }


def anonymous(address: str) -> str:
    """Put {} for each part of an address that stands for something."""
    return re.sub(r"(?<=/)(\{\w+\}|[A-Z]+)(?=/|$)", "{}", address)


@pytest.mark.parametrize(
    ("check", "wrong"),
    [
        (test_links_lead_somewhere, "[this](no.md)"),
        (test_links_lead_somewhere, "# A b\n[this](#a-c)"),
        (test_files_are_where_it_says, "`store/no.ts`"),
        (test_files_are_where_it_says, "`no_such_module.py`"),
        (test_files_are_where_it_says, "`project/env.py: no_such_name`"),
        (test_folders_are_where_it_says, "`training/nothing`"),
        (test_dotted_names_can_be_imported, "`project.env.no_such_name`"),
        (test_dotted_names_can_be_imported, "`project.nothing.env_bool`"),
        (test_commands_are_there, "manage.py no_such_command"),
        (test_targets_of_make_are_there, "`make nothing`"),
        (test_settings_are_read_somewhere, "`CYTOLOOP_NO_SUCH_THING`"),
        (test_addresses_are_served, "`GET /api/v1/nothing/ID/`"),
        (test_addresses_are_served, "`DELETE /api/v1/projects/ID/runs/check/`"),
    ],
)
def test_what_is_not_there_is_found(check, wrong, tmp_path):
    page = tmp_path / "page.md"
    page.write_text(f"# Page\n\n{wrong}\n", encoding="utf-8")
    with pytest.raises(AssertionError):
        check(page)
