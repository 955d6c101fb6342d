"""Every action leaves a trace: it writes an audit entry or says where its trace is."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import annotations.actions
import training
from annotations.actions.audit import audit, not_audited
from annotations.models import AuditEntry

ACTIONS = Path(annotations.actions.__file__).parent
FOLDERS = [ACTIONS, Path(training.__file__).parent / "actions"]


def transactions(folder):
    """Return (file, function) for every public function that opens a transaction."""
    for path in sorted(folder.glob("*.py")):
        functions = {
            node.name: node
            for node in ast.parse(path.read_text(encoding="utf-8")).body
            if isinstance(node, ast.FunctionDef)
        }
        for name, node in functions.items():
            decorators = [ast.unparse(one) for one in node.decorator_list]
            if not name.startswith("_") and any("transaction.atomic" in one for one in decorators):
                yield path, name, functions, decorators


def calls(node):
    return {ast.unparse(one.func) for one in ast.walk(node) if isinstance(one, ast.Call)}


def leads_to_audit(name, functions, seen=()):
    if name not in functions or name in seen:
        return False
    called = calls(functions[name])
    return "audit" in called or any(leads_to_audit(one, functions, (*seen, name)) for one in called)


CASES = [case for folder in FOLDERS if folder.exists() for case in transactions(folder)]


@pytest.mark.parametrize(
    ("path", "name", "functions", "decorators"),
    CASES,
    ids=[f"{path.parent.parent.name}.{path.stem}.{name}" for path, name, _, _ in CASES],
)
def test_every_action_is_audited_or_says_where_its_trace_is(path, name, functions, decorators):
    excused = any(one.startswith("not_audited(") for one in decorators)

    assert excused or leads_to_audit(name, functions)


def test_an_entry_names_person_project_target_and_data(owner, project):
    audit(user=owner, project=project, verb="rename", target=project, was="old")

    entry = AuditEntry.objects.get()
    assert (entry.user, entry.project, entry.verb) == (owner, project, "rename")
    assert (entry.target, entry.data) == (str(project.pk), {"was": "old"})


def test_the_platform_itself_is_nobody(project):
    assert audit(user=None, project=project, verb="tidy", target="x").user is None


def test_an_excuse_keeps_the_action_and_its_reason():
    @not_audited("because")
    def act():
        return 5

    assert (act(), act.not_audited_because) == (5, "because")
