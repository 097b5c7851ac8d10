"""`python -m bench`: measure everything, show it, and write bench/RESULTS.md."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from pathlib import Path

from bench import machine, results
from bench.lab import Lab
from bench.plan import FULL, QUICK
from bench.processes import ROOT

RESULTS = ROOT / "bench" / "RESULTS.md"


def data_folder() -> Path:
    """Beside the installation's own database, which is not touched."""
    return Path(os.environ.get("DATA_DIR", ROOT / ".data")) / "bench"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="fewer of everything, and only show the results"
    )
    parser.add_argument(
        "--only",
        action="append",
        choices=results.SECTIONS,
        metavar="NAME",
        help=f"measure this alone, and only show the results: {', '.join(results.SECTIONS)}",
    )
    given = parser.parse_args()
    # Told to stop, it ends what it has started.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    described = machine.describe()
    lab = Lab(data_folder())
    described |= {f"PostgreSQL {name}": value for name, value in lab.server.settings().items()}
    plan = QUICK if given.quick else FULL
    names = [name for name in results.SECTIONS if not given.only or name in given.only]
    text = results.document(results.measure(lab, plan, names), plan, _command(given), described)
    if not given.quick and not given.only:
        RESULTS.write_text(text)
    sys.stdout.write(text)


def _command(given: argparse.Namespace) -> str:
    if not given.quick and not given.only:
        return "make bench"
    options = ["--quick"] * given.quick + [f"--only {name}" for name in given.only or ()]
    return " ".join(["python -m bench", *options])


if __name__ == "__main__":
    main()
