"""Print how large files and functions are: figures to steer by, not gates."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
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


def comments(path: Path) -> int:
    lines = path.read_text(encoding="utf-8").splitlines()
    return sum(line.lstrip().startswith("#") for line in lines)


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
    n_comments = sum(comments(path) for path in code)
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
        "comment lines % (aim 3-6)": round(100 * n_comments / max(1, total), 1),
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
