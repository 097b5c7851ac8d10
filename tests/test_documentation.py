"""What operators may type and set is written down, in both languages of the README."""

from __future__ import annotations

import re
import runpy
from argparse import ArgumentParser
from pathlib import Path

import environ
import pytest
from django.conf import settings
from django.core.management import get_commands, load_command_class

ROOT = Path(settings.BASE_DIR)
OURS = ("tasks", "learning_paths", "reune")
COMMANDS = sorted((app, name) for name, app in get_commands().items() if app in OURS)


def text(path: str) -> str:
    return (ROOT / path).read_text()


def parser_of(app: str, name: str) -> ArgumentParser:
    return load_command_class(app, name).create_parser("manage.py", name)


def row_of(name: str) -> str:
    """The command's line in the table of docs/operations.md."""
    rows = re.findall(rf"^\| `{name}\b[^\n]*$", text("docs/operations.md"), re.MULTILINE)
    assert len(rows) == 1, f"{name} needs a row in the table of docs/operations.md"
    return str(rows[0])


@pytest.mark.parametrize(("app", "name"), COMMANDS)
def test_every_command_is_in_the_table_and_says_what_it_does(app: str, name: str) -> None:
    parser = parser_of(app, name)
    assert parser.description
    assert ("yes" in row_of(name)) == any(
        "--json" in action.option_strings for action in parser._actions
    )


@pytest.mark.parametrize(("app", "name"), COMMANDS)
def test_every_option_of_a_command_says_what_it_is_for(app: str, name: str) -> None:
    options = [action for action in parser_of(app, name)._actions if action.option_strings]
    assert [one.option_strings for one in options if not one.help] == []


def settings_read(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The variables that settings.py asks for, heard while it runs."""
    names: set[str] = set()
    get_value = environ.Env.get_value

    def heard(self: environ.Env, var: str, *words: object, **options: object) -> object:
        names.add(var)
        return get_value(self, var, *words, **options)

    monkeypatch.setattr(environ.Env, "get_value", heard)
    monkeypatch.setenv("DATABASE_URL", "postgres://nobody@nowhere/none")
    monkeypatch.setenv("SECRET_KEY", "x" * 50)
    runpy.run_path(str(ROOT / "reune" / "settings.py"))
    return names


def test_every_variable_is_documented(monkeypatch: pytest.MonkeyPatch) -> None:
    names = settings_read(monkeypatch)
    assert {"DATABASE_URL", "KEEP_FAILED_DAYS", "WORKERS"} <= names
    written = text("README.md") + text("docs/operations.md")
    assert sorted(name for name in names if f"`{name}`" not in written) == []


def named_in(path: str) -> dict[str, set[str]]:
    """Calls of the API, variables and commands that a README names; their words are its own."""
    written = text(path)
    code = re.findall(r"`([^`\n]+)`", written) + re.findall(
        r"^(?:make|python|curl) .*$", written, re.M
    )
    everything = "\n".join(code)
    return {
        "calls": set(re.findall(r"\b(?:GET|POST|PATCH|DELETE|PUT) /[\w/{}.]*", everything)),
        "variables": {one for one in code if re.fullmatch(r"[A-Z][A-Z_]{3,}", one)},
        "commands": set(re.findall(r"manage\.py (\w+)", everything))
        | set(re.findall(r"\bmake (\w+)", everything)),
        "links": set(re.findall(r"\]\((\w[^)#]*)", written)) - {"README.md", "README.pt.md"},
    }


def test_the_portuguese_readme_names_what_the_english_one_does() -> None:
    english, portuguese = named_in("README.md"), named_in("README.pt.md")
    assert all(english.values())
    for sort, names in english.items():
        assert portuguese[sort] == names, f"{sort}: README.pt.md differs from README.md"


def test_the_two_readmes_lead_to_each_other() -> None:
    assert "(README.pt.md)" in text("README.md")
    assert "(README.md)" in text("README.pt.md")
