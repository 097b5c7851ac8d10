"""The load as a section of bench/RESULTS.md: what web and worker hold under it."""

from __future__ import annotations

from collections.abc import Sequence

from bench.lab import Lab
from bench.load import storm
from bench.load.place import DATABASE, Place
from bench.load.storm import Outcome
from bench.plan import Plan
from bench.tables import SPREAD_HEAD, Row, spread_cells, table, target

MOST_MB = 250
LEASE_SECONDS = 30


def measure(lab: Lab, plan: Plan) -> Outcome:
    lab.server.create(DATABASE)
    url = lab.server.url(DATABASE)
    place = Place(url, lab.folder, webs=1, workers=1, lease=LEASE_SECONDS)
    return storm.run(place, seconds=plan.load_seconds, kill_every=None)


def targets(found: Outcome) -> Sequence[Row]:
    most = max(found.held.total)
    errors, lost = sum(found.errors.values()), len(found.lost)
    return (
        target(f"web + worker (2) under load, PSS <= {MOST_MB} MB", f"{most:.0f} MB", most <= 250),
        target("errors and lost tasks under load: 0", f"{errors}, {lost}", not errors + lost),
    )


def parts(found: Outcome, plan: Plan) -> Sequence[str]:
    held = found.held
    note = _NOTE.format(
        seconds=plan.load_seconds,
        rate=found.requests / found.seconds,
        tasks=found.promised,
        web=max(held.web),
        worker=max(held.worker),
        slope=held.slope,
        threads=held.threads,
        connections=held.connections,
    )
    rows = [(call, *spread_cells(spread)) for call, spread in sorted(found.spreads.items())]
    return "## Everything at once", note, table(SPREAD_HEAD, rows)


_NOTE = """\
`python -m bench.load`: one web process and one worker command with 2 workers, with their defaults,
and 16 clients at a steady pace for {seconds:.0f} s: {rate:.0f} requests/s, {tasks} tasks. PSS at
most {web:.0f} MB web and {worker:.0f} MB worker, {slope:+.1f} MB a minute in the last half;
{threads} threads and {connections} database connections at most."""
