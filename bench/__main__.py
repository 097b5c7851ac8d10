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
    is_quick = parser.parse_args().quick
    # Told to stop, it ends what it has started.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    described = machine.describe()
    lab = Lab(data_folder())
    described |= {f"PostgreSQL {name}": value for name, value in lab.server.settings().items()}
    plan = QUICK if is_quick else FULL
    command = "python -m bench --quick" if is_quick else "make bench"
    text = results.document(results.measure(lab, plan), plan, command, described)
    if not is_quick:
        RESULTS.write_text(text)
    sys.stdout.write(text)


if __name__ == "__main__":
    main()
