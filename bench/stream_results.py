"""The event streams in bench/RESULTS.md."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from bench import poll_client
from bench.figures import Spread
from bench.plan import Plan
from bench.streams import CHANGES_A_SECOND, STATES, STREAMS, THREADS, Measured, Streamed
from bench.tables import Row, milliseconds, table, target

_HEAD = (
    *("", "polls/s", "rounds", "p99", "changes/s", "events/s"),
    *("line after its commit, p50", "p99", "worst", "PSS of the web process, rounds"),
)
_NOTE = """\
`GET /tasks/{{id}}/events` of {streams} running tasks, one stream each, on one web process with
`WEB_THREADS={threads}`. Each task says a line and moves on {changes:g} times a second, which is two
events. Meanwhile {connections} connections poll another task as fast as they are answered, so that
the process has no time left; without them it shows how fast the events are by themselves. Medians
over {rounds} rounds of {seconds:g} s.

Of {lines} lines that the tasks said, the streams lost {lost} and brought {repeated} twice."""


def targets(found: Streamed) -> Sequence[Row]:
    wrong = found.lost + found.repeated
    of = f"{found.lost} and {found.repeated} of {found.lines}"
    return (target(f"lines lost or repeated by {STREAMS} event streams: 0", of, wrong == 0),)


def parts(found: Streamed, plan: Plan) -> Sequence[str]:
    note = _NOTE.format(
        streams=STREAMS,
        threads=THREADS,
        changes=CHANGES_A_SECOND,
        connections=poll_client.CONNECTIONS,
        rounds=plan.stream_rounds,
        seconds=plan.stream_seconds,
        lines=found.lines,
        lost=found.lost,
        repeated=found.repeated,
    )
    rows = [_row(state, found.states[state]) for state in STATES]
    return "## Event streams", note, table(_HEAD, rows)


def _row(state: str, measured: Measured) -> Row:
    return (
        state,
        _rate(measured.polls),
        " · ".join(f"{rate:.0f}" for rate in measured.polls),
        milliseconds(1000 * median(measured.p99)) if measured.p99 else "",
        _rate(measured.changes),
        _rate(measured.events),
        *_delays(measured.delays),
        " · ".join(f"{size:.0f}" for size in measured.memory_mb) + " MB",
    )


def _rate(values: Sequence[float]) -> str:
    return f"{median(values):,.0f}" if values else ""


def _delays(seconds: Sequence[float]) -> Row:
    if not seconds:
        return "", "", ""
    spread = Spread.of(seconds)
    return tuple(map(milliseconds, (spread.p50, spread.p99, spread.worst)))
