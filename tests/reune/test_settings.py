from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

URL = "postgres://nobody@127.0.0.1:1/nothing"


def start(data: Path, *command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *(command or ("manage.py", "check"))],
        cwd=settings.BASE_DIR,
        env={"PATH": "/usr/bin:/bin", "DATA_DIR": str(data), **variables},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    ("variables", "missing"),
    [
        ({"DATABASE_URL": URL}, "SECRET_KEY"),
        ({"DEBUG": "false"}, "SECRET_KEY and DATABASE_URL"),
        ({"DEBUG": "false", "SECRET_KEY": "x"}, "DATABASE_URL"),
    ],
)
def test_production_does_not_start_without_its_variables(
    tmp_path: Path, variables: dict[str, str], missing: str
) -> None:
    process = start(tmp_path, **variables)
    assert process.returncode != 0
    assert f"Set {missing} in the environment" in process.stderr
    assert not list(tmp_path.iterdir())


def test_a_database_url_turns_debug_off(tmp_path: Path) -> None:
    code = (
        "from reune import settings; print(settings.DEBUG, settings.DATABASES['default']['HOST'])"
    )
    process = start(tmp_path, "-c", code, DATABASE_URL=URL, SECRET_KEY="x")
    assert process.stdout.split() == ["False", "127.0.0.1"], process.stderr


def test_a_checkout_keeps_one_secret_key_that_others_cannot_read(tmp_path: Path) -> None:
    code = "from reune.settings import SECRET_KEY; print(SECRET_KEY)"
    variables = {"DATABASE_URL": URL, "DEBUG": "true"}
    first = start(tmp_path, "-c", code, **variables).stdout
    assert len(first.strip()) > 50
    assert start(tmp_path, "-c", code, **variables).stdout == first
    assert (tmp_path / "secret_key").stat().st_mode & 0o077 == 0


def test_sources_are_set_by_variables(tmp_path: Path) -> None:
    code = """
from reune.settings import REUNE_LEARNING_PATHS as given
urls = sorted(given["source_urls"].items())
print(given["contact"], given["sources"], urls, given["source_keys"])
"""
    process = start(
        tmp_path,
        *("-c", code),
        DATABASE_URL=URL,
        SECRET_KEY="x",
        REUNE_CONTACT="ops@example.org",
        CONTENT_SOURCES="mdn,searxng",
        SEARXNG_URL="https://search.example.org/?a=b",
        SOURCE_URLS="mdn=http://127.0.0.1:1/{language}",
        YOUTUBE_KEY="k",
    )
    assert process.stdout.strip() == (
        "ops@example.org ('mdn', 'searxng') [('mdn', 'http://127.0.0.1:1/{language}'),"
        " ('searxng', 'https://search.example.org/?a=b')] {'youtube': 'k'}"
    ), process.stderr
    for variables, said in (({}, "None [] {}"), ({"CONTENT_SOURCES": "none"}, "() [] {}")):
        process = start(tmp_path, "-c", code, DATABASE_URL=URL, SECRET_KEY="x", **variables)
        assert process.stdout.strip() == said, process.stderr
