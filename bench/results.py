"""What a run found, as bench/RESULTS.md."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from bench import (
    admin,
    claims,
    compare,
    interruption,
    poll_results,
    polls,
    post_latency,
    stream_results,
    streams,
)
from bench.claims import Backlog
from bench.compare import Measured
from bench.engines import PROCRASTINATE, REUNE, Engine
from bench.figures import Spread
from bench.interruption import Interrupted
from bench.lab import Lab
from bench.load import results as load_results
from bench.plan import Plan
from bench.post_latency import Posts
from bench.tables import SPREAD_HEAD, Row, spread_cells, table, target


@dataclass(frozen=True)
class Section:
    """A subject: how it is measured, and what of it goes into the document."""

    measure: Callable[[Lab, Plan], Any]
    targets: Callable[[Any], Sequence[Row]]
    parts: Callable[[Any, Plan], Sequence[str]]


def measure(lab: Lab, plan: Plan, names: Sequence[str]) -> dict[str, Any]:
    """What was found, by the name of its section."""
    return {name: SECTIONS[name].measure(lab, plan) for name in names}


def document(found: Mapping[str, Any], plan: Plan, command: str, machine: Mapping[str, str]) -> str:
    targets = [row for name, one in found.items() for row in SECTIONS[name].targets(one)]
    parts = [
        "# Benchmark",
        f"Written by `{command}`. All processes were on this one machine:",
        table(("", ""), list(machine.items())),
        "## Targets",
        table(("target", "found", ""), targets),
        *(part for name, one in found.items() for part in SECTIONS[name].parts(one, plan)),
    ]
    return "\n\n".join(parts) + "\n"


def _engine_parts(found: Mapping[Engine, Measured], plan: Plan) -> Sequence[str]:
    return (
        "## Reune and others",
        _ENGINES_NOTE.format(rounds=plan.rounds, tasks=plan.tasks),
        table(_ENGINES_HEAD, [_engine_row(*item) for item in found.items()]),
        "Round by round, tasks/s with 2 workers / with 4:",
        table(("", "rounds"), [_rounds_row(*item) for item in found.items()]),
    )


def _claims_parts(found: Mapping[Backlog, Sequence[float]], plan: Plan) -> Sequence[str]:
    return (
        "## Claims and history",
        _CLAIMS_NOTE.format(rounds=plan.claim_rounds, claims=plan.claims),
        table(_CLAIMS_HEAD, [_claims_row(*item) for item in found.items()]),
    )


def _interruption_parts(found: Interrupted, plan: Plan) -> Sequence[str]:
    rows = [
        ("cancel", *spread_cells(Spread.of(found.cancels))),
        ("begun elsewhere after SIGKILL", *spread_cells(Spread.of(found.kills))),
        ("begun elsewhere after SIGTERM", *spread_cells(Spread.of(found.stops))),
    ]
    return "## Interruptions", _INTERRUPTIONS_NOTE, table(SPREAD_HEAD, rows)


def _post_parts(found: Sequence[Posts], plan: Plan) -> Sequence[str]:
    rows = [_posts_row(one) for one in found]
    head = (*SPREAD_HEAD, "requests/s")
    return "## POST /generate_mcp_async", _POSTS_NOTE, table(head, rows)


_ENGINES_HEAD = (
    *("", "pick-up p50", "p99", "pick-ups", "tasks/s, 2 workers", "4 workers"),
    *("CPU a task, 2 workers", "4 workers", "idle transactions/s", "PSS, 2 workers", "4 workers"),
)
_ENGINES_NOTE = """\
In turn on one PostgreSQL server, each in a database of its own; medians over {rounds} rounds, and
all pick-ups together. Everybody has its own worker command with its defaults, a process for each
worker, and the same handler, a function that does nothing but write down the time.

- *Pick-up*: from the commit of a submission to the first line of the handler, 2 workers with
  nothing else to do, submissions at any moment of the poll.
- *Tasks/s*: {tasks} no-op tasks, all in the queue before; from when the last worker has come up
  until the last task has ended in the database. *CPU* is what workers and PostgreSQL took
  meanwhile; it varies less than the rate when the machine does other things.
- *Idle*: what 2 workers without work have PostgreSQL do. *PSS*: all processes of the worker
  command after the tasks.

Reune keeps status, progress, messages and result of each task, procrastinate and django-tasks-db
a row with the status (and the result), Django-Q2 nothing: its `save_limit` is -1, as in Reune."""
_CLAIMS_HEAD = ("finished tasks", "pending tasks", "claim", "rounds from", "to")
_CLAIMS_NOTE = """\
A claim is what lies between a free worker and its handler: the broker takes an entry, the worker
begins the attempt. Medians of {claims} claims, in turn over the databases; then the median of
{rounds} rounds."""
_INTERRUPTIONS_NOTE = f"""\
Cancel: from its commit until another session sees the task canceled, the handler in `time.sleep`.
SIGKILL: all processes of a worker command at once; SIGTERM: its command alone; until the task
begins again in another worker command, which is free. With a lease of
{interruption.LEASE_SECONDS} s and a heartbeat of {interruption.HEARTBEAT_SECONDS} s; the defaults
are 30 s and 10 s."""
_POSTS_NOTE = """\
The web server of the Procfile, anonymous callers under their usual limits, one open connection a
caller, no worker running."""


def _engine_targets(found: Mapping[Engine, Measured]) -> Sequence[Row]:
    reune, other = found[REUNE], found[PROCRASTINATE]
    pickup = Spread.of(reune.pickups)
    two, four = (
        median(reune.rates[count]) / median(other.rates[count]) for count in compare.WORKER_COUNTS
    )
    return (
        target("pick-up p50 <= 6 ms", f"{pickup.p50:.1f} ms", pickup.p50 <= 6),
        target("pick-up p99 <= 15 ms", f"{pickup.p99:.1f} ms", pickup.p99 <= 15),
        target("tasks/s, 2 workers >= 1.0 × procrastinate", f"{two:.2f} ×", two >= 1),
        target("tasks/s, 4 workers >= 1.3 × procrastinate", f"{four:.2f} ×", four >= 1.3),
    )


def _claims_targets(found: Mapping[Backlog, Sequence[float]]) -> Sequence[Row]:
    growth = _growth(found)
    return (target("claim flat within 20 % over the history", f"{growth:+.0%}", growth <= 0.2),)


def _interruption_targets(found: Interrupted) -> Sequence[Row]:
    cancel = Spread.of(found.cancels)
    kill, stop = max(found.kills), max(found.stops)
    lease = interruption.LEASE_SECONDS
    return (
        target("cancel p99 < 250 ms", f"{cancel.p99:.0f} ms", cancel.p99 < 250),
        target(
            f"recovery after SIGKILL <= lease ({lease} s) + 2 s", f"{kill:.1f} s", kill <= lease + 2
        ),
        target("recovery after SIGTERM < 2 s", f"{stop:.2f} s", stop < 2),
    )


def _growth(took: Mapping[Backlog, Sequence[float]]) -> float:
    """How much longer a claim takes with the longest history than with the shortest."""
    by_history = {one.finished: median(took[one]) for one in took if not one.pending}
    return by_history[max(by_history)] / by_history[min(by_history)] - 1


def _engine_row(engine: Engine, measured: Measured) -> Row:
    pickup = Spread.of(measured.pickups)
    return (
        engine.title,
        f"{pickup.p50:.1f} ms",
        f"{pickup.p99:.1f} ms",
        str(pickup.count),
        *(f"{median(measured.rates[count]):.0f}" for count in compare.WORKER_COUNTS),
        *(f"{median(measured.cpu_ms_a_task[count]):.2f} ms" for count in compare.WORKER_COUNTS),
        f"{median(measured.idle_transactions):.1f}",
        *(f"{median(measured.memory_mb[count]):.0f} MB" for count in compare.WORKER_COUNTS),
    )


def _rounds_row(engine: Engine, measured: Measured) -> Row:
    rates = (measured.rates[count] for count in compare.WORKER_COUNTS)
    return engine.title, " · ".join(
        f"{two:.0f} / {four:.0f}" for two, four in zip(*rates, strict=True)
    )


def _claims_row(backlog: Backlog, took: Sequence[float]) -> Row:
    times = (median(took), min(took), max(took))
    return (
        f"{backlog.finished:,}",
        f"{backlog.pending:,}",
        *(f"{1000 * seconds:.2f} ms" for seconds in times),
    )


def _posts_row(posts: Posts) -> Row:
    name = "one client" if posts.clients == 1 else f"{posts.clients} clients at once"
    return name, *spread_cells(Spread.of(posts.seconds)), f"{posts.rate:.0f}"


#: In the order of the document.
SECTIONS = {
    "engines": Section(compare.compare, _engine_targets, _engine_parts),
    "claims": Section(claims.measure, _claims_targets, _claims_parts),
    "interruptions": Section(interruption.measure, _interruption_targets, _interruption_parts),
    "posts": Section(post_latency.measure, lambda found: (), _post_parts),
    "admin": Section(admin.measure, admin.targets, admin.parts),
    "polls": Section(polls.measure, poll_results.targets, poll_results.parts),
    "load": Section(load_results.measure, load_results.targets, load_results.parts),
    "streams": Section(streams.measure, stream_results.targets, stream_results.parts),
}
