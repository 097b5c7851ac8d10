"""Imports point one way: learning_paths → tasks → Django, and `reune` wires them."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(settings.BASE_DIR)

#: Where learning paths meet tasks: the handler, and the edges that submit one or show it.
MEETING_POINTS = ("handlers.py", "admin.py", "api/", "management/")
#: Data in, data out: no database, no network, nothing that changes between two runs.
PURE = ("stages/", "catalogue/", "text.py", "request.py", "schema.py", "exceptions.py")
IMPURE = {"requests", "random", "time", "uuid", "socket", "learning_paths.models"}


def imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def modules(app: str) -> list[Path]:
    return sorted(path for path in (ROOT / app).rglob("*.py") if "migrations" not in path.parts)


def is_within(module: str, package: str) -> bool:
    return module == package or module.startswith(f"{package}.")


def reaches(path: Path, *packages: str) -> set[str]:
    return {module for module in imports(path) for one in packages if is_within(module, one)}


def name_in_app(path: Path) -> str:
    return path.relative_to(ROOT).as_posix().split("/", 1)[1]


@pytest.mark.parametrize("path", modules("tasks"), ids=str)
def test_tasks_know_nothing_of_learning_paths_or_of_the_project(path: Path) -> None:
    assert not reaches(path, "learning_paths", "reune")


@pytest.mark.parametrize("path", modules("learning_paths"), ids=str)
def test_learning_paths_meet_tasks_at_the_edges_only(path: Path) -> None:
    assert not reaches(path, "reune")
    if not name_in_app(path).startswith(MEETING_POINTS):
        assert not reaches(path, "tasks")


@pytest.mark.parametrize(
    "path",
    [path for path in modules("learning_paths") if name_in_app(path).startswith(PURE)],
    ids=str,
)
def test_stages_and_catalogue_are_pure(path: Path) -> None:
    assert not reaches(path, *IMPURE, "django.db", "django.core", "django.http", "rest_framework")


@pytest.mark.parametrize("path", [*modules("tasks"), *modules("learning_paths")], ids=str)
def test_only_settings_read_the_environment(path: Path) -> None:
    assert "environ" not in {
        node.attr
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute)
    }


@pytest.mark.parametrize("path", [*modules("tasks"), *modules("learning_paths")], ids=str)
def test_only_lifecycle_writes_a_status(path: Path) -> None:
    if path.name == "lifecycle.py":
        return
    assert not reaches(path, "tasks.lifecycle_sql")
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            written = {ast.unparse(one) for one in node.targets if isinstance(one, ast.Attribute)}
            assert "task.status" not in written, f"line {node.lineno}"
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith((".update", ".create")):
            assert "status" not in {word.arg for word in node.keywords}, f"line {node.lineno}"
