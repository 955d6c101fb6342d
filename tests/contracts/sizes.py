"""Print how large files and functions are: figures to steer by, not gates."""

from __future__ import annotations

import ast
import io
import re
import sys
import tokenize
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TO_TOOLS = re.compile(r"# *(noqa|type: ignore|fmt:|pragma|mypy:|ruff:)[^(\-]*$")
EMPTY = {
    *(tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER),
    tokenize.COMMENT,
}
PACKAGES = ("project", "annotations", "training")


def lines_of(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def python_files(*folders: str) -> list[Path]:
    found = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    return [path for path in found if "migrations" not in path.parts]


def functions(path: Path) -> list[tuple[int, str]]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    where = path.relative_to(ROOT)
    return [
        ((node.end_lineno or node.lineno) - node.lineno + 1, f"{where}:{node.lineno} {node.name}")
        for node in ast.walk(tree)
        if isinstance(node, kinds)
    ]


def comments_and_code(text: str) -> tuple[int, int]:
    """Return how many lines have a comment, and how many there are but blanks and docstrings.

    A comment may stand behind code; instructions to tools are none.
    """
    tree = ast.parse(text)
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    docstrings = {
        line
        for node in ast.walk(tree)
        if isinstance(node, documented) and ast.get_docstring(node, clean=False) is not None
        for line in range(node.body[0].lineno, (node.body[0].end_lineno or 0) + 1)
    }
    commented, filled = set(), set()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT and not TO_TOOLS.match(token.string):
            commented.add(token.start[0])
        if token.type not in EMPTY:
            filled |= set(range(token.start[0], token.end[0] + 1))
    return len(commented), len((filled | commented) - docstrings)


def percentile(values: list[int], share: float) -> int:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0


def main() -> None:
    code, tests = python_files(*PACKAGES), python_files("tests")
    sizes = {path: lines_of(path) for path in code}
    longest = sorted((entry for path in code for entry in functions(path)), reverse=True)
    scripts = [
        path
        for path in (ROOT / "frontend" / "src").rglob("*.ts*")
        if not path.name.endswith(".d.ts")
    ]
    total = sum(sizes.values())
    counted = [comments_and_code(path.read_text(encoding="utf-8")) for path in code]
    share = sum(n for n, _ in counted) / max(1, sum(n for _, n in counted))
    ratio = sum(lines_of(path) for path in tests) / max(1, total)
    figures = {
        "Python files": len(code),
        "lines": total,
        "file p90 (aim 250)": percentile(list(sizes.values()), 0.9),
        "largest file (limit 500)": max(
            (size, str(p.relative_to(ROOT))) for p, size in sizes.items()
        ),
        "function p90 (aim 30)": percentile([size for size, _ in longest], 0.9),
        "longest functions (limit 60)": [f"{size} {name}" for size, name in longest[:3]],
        "commented lines % (aim 3-6)": round(100 * share, 1),
        "test/code (aim 1.3)": round(ratio, 2),
        "TypeScript files": len(scripts),
        "largest TypeScript (limit 300)": max(
            ((lines_of(path), str(path.relative_to(ROOT))) for path in scripts), default=0
        ),
    }
    for name, value in figures.items():
        sys.stdout.write(f"{name}: {value}\n")


if __name__ == "__main__":
    main()
