"""`python -m bench.load`: exits with 1 if anything was lost or went wrong, or memory grew."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from pathlib import Path
from typing import Any

from bench.load import storm
from bench.load.place import DATABASE, Place
from bench.load.storm import Outcome
from bench.processes import ROOT
from bench.tables import SPREAD_HEAD, spread_cells, table


def main() -> int:
    given = _parser().parse_args()
    # Told to stop, it ends what it has started.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    folder = Path(os.environ.get("DATA_DIR", ROOT / ".data")) / "load"
    folder.mkdir(parents=True, exist_ok=True)
    url = given.database or _own_database(folder)
    place = Place(url, folder, webs=given.web, workers=given.workers, lease=given.lease)
    outcome = storm.run(place, seconds=60 * given.minutes, kill_every=given.kill_every)
    failures = _failures(outcome, given)
    sys.stdout.write(_report(outcome, failures) + "\n")
    return int(bool(failures))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.load", description=__doc__)
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--web", type=int, default=1, help="web processes")
    parser.add_argument("--workers", type=int, default=1, help="worker commands, of WORKERS each")
    parser.add_argument(
        "--kill-every", type=float, metavar="SECONDS", help="SIGKILL each of them in turn"
    )
    parser.add_argument("--lease", type=float, default=30, metavar="SECONDS")
    parser.add_argument(
        "--most-growth", type=float, metavar="MB", help="a minute; not looked at without"
    )
    parser.add_argument("--most-memory", type=float, metavar="MB", help="PSS of all, likewise")
    parser.add_argument("--database", metavar="URL", help="an empty one; else one of its own")
    return parser


def _own_database(folder: Path) -> str:
    from bench.postgres import Server

    server = Server(folder)
    server.create(DATABASE)
    return server.url(DATABASE)


def _failures(outcome: Outcome, given: Any) -> list[str]:
    found = [f"{count} × {what}" for what, count in outcome.errors.items()]
    found += outcome.lost
    if not outcome.promised:
        found.append("no task was accepted")
    growth, most = outcome.held.slope, max(outcome.held.total)
    if given.most_growth is not None and growth > given.most_growth:
        found.append(f"memory grows by {growth:.2f} MB a minute, more than {given.most_growth}")
    if given.most_memory is not None and most > given.most_memory:
        found.append(f"memory reached {most:.0f} MB, more than {given.most_memory}")
    return found


def _report(outcome: Outcome, failures: list[str]) -> str:
    held = outcome.held
    rows = [(call, *spread_cells(spread)) for call, spread in sorted(outcome.spreads.items())]
    facts = {
        "requests a second": f"{outcome.requests / outcome.seconds:.0f}",
        "tasks accepted": str(outcome.promised),
        "lost, or ended otherwise or twice": str(len(outcome.lost)),
        "errors": str(sum(outcome.errors.values())),
        "killed": ", ".join(f"{name} × {n}" for name, n in sorted(outcome.kills.items())) or "none",
        "connections that broke with a kill": str(sum(outcome.broken.values())),
        "PSS, web": _span(held.web),
        "PSS, worker": _span(held.worker),
        "PSS, all": _span(held.total),
        "slope of the last half": f"{held.slope:+.2f} MB a minute",
        "threads, at most": str(held.threads),
        "database connections, at most": str(held.connections),
    }
    parts = [
        table(SPREAD_HEAD, rows),
        table(("", ""), list(facts.items())),
        "\n".join(f"FAILED: {failure}" for failure in failures[:50]) or "All is well.",
    ]
    return "\n\n".join(parts)


def _span(values: list[float]) -> str:
    return f"{values[0]:.0f} MB at first, {max(values):.0f} at most, {values[-1]:.0f} at last"


if __name__ == "__main__":
    sys.exit(main())
