"""A short storm. `make chaos` runs long ones."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from django.conf import settings

SIZE = "--tasks 60 --kills 12 --crashes 1 --clusters 2 --seconds 10"


def test_a_short_storm_loses_nothing_and_ends_nothing_twice(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.chaos.run", "--seed", "7", "--data", str(tmp_path)]
    storm = subprocess.run(
        [*command, *SIZE.split()],
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert storm.returncode == 0, storm.stdout + storm.stderr
    assert not (tmp_path / "postgres" / "postmaster.pid").exists(), "PostgreSQL was left running"
