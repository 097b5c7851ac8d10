"""The polls in bench/RESULTS.md."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import median

from bench import cores, poll_client
from bench.plan import Plan
from bench.polls import (
    CONTENDERS,
    DRF,
    FASTAPI,
    FASTAPI_UNTYPED,
    OURS,
    SUBJECTS,
    UNCHANGED,
    Contender,
    Polls,
    Sample,
)
from bench.tables import Row, milliseconds, table, target

#: Of Reune to the other one, with the unchanged running task.
RATIOS = ((DRF, 6.0), (FASTAPI, 0.5), (FASTAPI_UNTYPED, 0.5))
_HEAD = (
    *("poll of a task", "server", "polls/s", "rounds", "p50", "p99", "server CPU a poll"),
    *("PostgreSQL CPU", "body", "Reune: polls/s", "by CPU"),
)
_NOTE = """\
`GET /status/{{id}}` over {connections} connections that stay open, each sending its next poll
when it has the answer to the last; medians over {rounds} rounds of {seconds:g} s each, in turn. One
web process each, all up at the same time ({cores}). The last two
columns are how many polls Reune answers for one of the other server's, by rate and by the
processor time of the server: the medians of the rounds. The second varies less when the machine
does other things.

- *Reune*: the Procfile's server. It looks whose the task is, and keeps what PostgreSQL has rendered
  until the task changes, a second at most.
- *Nested DRF serializers*: the same server, settings, middleware and rows, with a
  `RetrieveAPIView`, two `ModelSerializer`s, `prefetch_related` and Django's
  `ConditionalGetMiddleware`.
- *FastAPI*: uvicorn with uvloop and httptools, no access log, the same JSON from a dict in memory;
  no database, no middleware, no owners, nothing that survives a restart. With a return type its
  answer is written by pydantic-core in Rust, without one by FastAPI's encoder in Python.

The connections leave the server no pause, so p50 is about their number divided by the rate."""
_PARTS_NOTE = """\
Where the time of Reune's poll of a running task goes, in processor time of the web process. The
first line is measured as above, with an application that returns a constant; the parts of Reune
in one thread that does nothing else, with a profiler to divide them. What all of them leave of
the whole is what such a thread is spared: switches between threads, and colder caches."""


def targets(found: Polls) -> Sequence[Row]:
    return [
        target(
            f"polls/s of a running task >= {least:g} × {other.title}",
            f"{found.ratio(UNCHANGED, other):.2f} ×",
            found.ratio(UNCHANGED, other) >= least,
        )
        for other, least in RATIOS
    ]


def parts(found: Polls, plan: Plan) -> Sequence[str]:
    note = _NOTE.format(
        connections=poll_client.CONNECTIONS,
        rounds=plan.poll_rounds,
        seconds=plan.poll_seconds,
        cores=cores.describe(),
    )
    rows = [_row(found, subject, one) for subject in SUBJECTS for one in CONTENDERS]
    return (
        "## Polls",
        note,
        table(_HEAD, rows),
        _PARTS_NOTE,
        table(("", "CPU a poll", "part"), _part_rows(found)),
    )


def _row(found: Polls, subject: str, contender: Contender) -> Row:
    samples = found.samples[subject, contender]
    ratios = ("", "")
    if contender is not OURS:
        ratios = (
            f"{found.ratio(subject, contender):.2f} ×",
            f"{found.cpu_ratio(subject, contender):.2f} ×",
        )
    return (
        subject if contender is OURS else "",
        contender.title,
        f"{_middle(samples, lambda one: one.rate):,.0f}",
        " · ".join(f"{sample.rate:.0f}" for sample in samples),
        milliseconds(1000 * _middle(samples, lambda one: one.p50)),
        milliseconds(1000 * _middle(samples, lambda one: one.p99)),
        _microseconds(_middle(samples, lambda one: one.server_cpu)),
        _microseconds(_middle(samples, lambda one: one.postgres_cpu)),
        f"{_middle(samples, lambda one: one.length) / 1000:.1f} kB",
        *ratios,
    )


def _part_rows(found: Polls) -> Sequence[Row]:
    whole = _middle(found.samples[UNCHANGED, OURS], lambda one: one.server_cpu)
    names = {name for profile in found.profiles for name in profile}
    parts = {
        name: median(profile.get(name, 0) for profile in found.profiles) for name in sorted(names)
    }
    parts = dict(sorted(parts.items(), key=lambda part: -part[1]))
    parts = {"granian by itself": _middle(found.bare, lambda one: one.server_cpu), **parts}
    parts["thread switches, colder caches"] = whole - sum(parts.values())
    parts["the whole poll"] = whole
    return [
        (name, _microseconds(seconds), f"{seconds / whole:.0%}") for name, seconds in parts.items()
    ]


def _middle(samples: Sequence[Sample], value: Callable[[Sample], float]) -> float:
    return median(map(value, samples))


def _microseconds(seconds: float) -> str:
    return f"{1e6 * seconds:.0f} µs"
