"""
Chaos: real workers on a real PostgreSQL, killed at random while they work.

    python -m tests.chaos.run --seed 1 --seed 2 --kills 70 --tasks 300

Exits with 1 if anything is not as promised, and says the seed and what. Processes and times make
each run a different one; the seed repeats who is hit how, and which tasks there are.
"""

from __future__ import annotations

import argparse
import atexit
import os
import random
import shutil
import sys
import tempfile
from pathlib import Path

_rubbish: list[Path] = []


@atexit.register
def _remove_rubbish() -> None:
    for folder in _rubbish:
        shutil.rmtree(folder)


def main() -> int:
    options = _parser().parse_args()
    seeds = options.seed or [random.randrange(10_000)]
    folder = Path(options.data or tempfile.mkdtemp(prefix="reune-chaos-"))
    _set_up(folder)
    from django.conf import settings

    from tests.chaos import report
    from tests.chaos.clusters import Postgres
    from tests.chaos.storm import Size, Storm

    size = Size(options.tasks, options.kills, options.crashes, options.clusters, options.seconds)
    postgres = Postgres()
    postgres.forget_more()
    reports = []
    for seed in seeds:
        _say(f"seed {seed} …")
        reports.append(Storm(seed, size, postgres).run())
        _say(f"seed {seed}: the slowest went on {reports[-1].slowest}")
    _say(report.table(reports))
    violations = [f"seed {one.seed}: {text}" for one in reports for text in one.violations]
    for violation in violations:
        _say(violation)
    if violations or options.data:
        _say(f"The logs and the database are in {settings.DATA_DIR}")
    else:
        # Goes after the server has stopped, which happens at the exit as well.
        _rubbish.append(folder)
    return int(bool(violations))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--seed", type=int, action="append", help="may be given several times")
    parser.add_argument("--tasks", type=int, default=300, help="to submit, with each seed")
    parser.add_argument("--kills", type=int, default=70, help="signals to send, with each seed")
    parser.add_argument("--crashes", type=int, default=3, help="of PostgreSQL, with each seed")
    parser.add_argument("--clusters", type=int, default=3, help="of two workers each")
    parser.add_argument("--seconds", type=float, default=75, help="how long the harm goes on")
    parser.add_argument("--data", help="the folder to use and to keep")
    return parser


def _set_up(folder: Path) -> None:
    """Start a database of this run's own, with everything in it that a storm needs."""
    os.environ.pop("DATABASE_URL", None)
    os.environ["DATA_DIR"] = str(folder)
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.chaos.settings"
    import django

    django.setup()
    from django.core.management import call_command

    from tests.chaos import watch

    call_command("migrate", run_syncdb=True, verbosity=0)
    watch.begin()


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
