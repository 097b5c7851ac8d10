"""
All metrics as Prometheus reads them (text format 0.0.4): what all processes have counted, and what
waits and runs now.

Two statements, whose cost grows with the processes and the active tasks, not with history.
"""

from __future__ import annotations

import threading
import time
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import accumulate
from typing import Any

from django.db import connection

from tasks import metrics, processes
from tasks.conf import get_conf
from tasks.metrics import BEYOND, BOUNDS, SUM, VALUE, Figures, Metric

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
#: Whoever asks again within this time gets the same answer.
KEPT_SECONDS = 1.0

# Why one waits: for a worker, for another task of its owner to end, or for its retry. Since when,
# as in tasks.stats.
_ACTIVE = """
    SELECT task.kind, task.priority, why.word, count(*),
        COALESCE(extract(epoch FROM now() - min(
            GREATEST(task.updated_at, task.queued_at, task.retry_at)
        )), 0)::float
    FROM tasks_taskinfo AS task
        LEFT JOIN django_q_ormq AS entry ON entry.id = task.entry_id
        CROSS JOIN LATERAL (SELECT CASE
            WHEN task.status = 'running' AND entry.lock <= now() THEN 'abandoned'
            WHEN task.status = 'running' THEN 'running'
            WHEN task.entry_id IS NULL THEN 'slot'
            WHEN task.retry_at > now() THEN 'retry'
            ELSE 'worker'
        END AS word) AS why
    WHERE task.completed_at IS NULL
    GROUP BY 1, 2, 3
"""
_PROCESSES = """
    SELECT role, release, figures::text,
        ended_at IS NULL AND seen_at > now() - %(lease)s AND role <> 'past'
    FROM tasks_process
"""

Sample = tuple[str, Mapping[str, str], float]


class Scrape:
    """The answer of this process, made anew at most once a second however many ask."""

    def __init__(self) -> None:
        self._text = ""
        self._made_at = float("-inf")
        self._lock = threading.Lock()

    def text(self) -> str:
        """Raises Django's errors of the database."""
        with self._lock:
            if time.monotonic() - self._made_at >= KEPT_SECONDS:
                self._text = exposition()
                self._made_at = time.monotonic()
            return self._text


def exposition() -> str:
    """All metrics, as they are now."""
    if presence := processes.here():
        presence.report()  # what this process has counted is in it too
    return "".join(f"{line}\n" for line in _lines())


def _lines() -> Iterator[str]:
    terms: dict[str, Any] = {"lease": get_conf().lease}
    with connection.cursor() as cursor:
        cursor.execute(_PROCESSES, terms)
        rows = cursor.fetchall()
        cursor.execute(_ACTIVE)
        active = cursor.fetchall()
    yield from _now(active, rows)
    total, living = _added_up(rows)
    for metric in metrics.known.values():
        chosen = living if metric.type == "gauge" else total
        own = {key[1:]: value for key, value in chosen.items() if key[0] == metric.name}
        samples = _histogram(metric, own) if metric.type == "histogram" else _values(metric, own)
        yield from _family(metric.name, metric.type, metric.help, samples)


def _now(active: list[Any], rows: list[Any]) -> Iterator[str]:
    waiting, oldest, running = [], [], Counter[tuple[str, str]]()
    for kind, priority, word, count, age in active:
        if word in ("running", "abandoned"):
            running[kind, word] += count
            continue
        labels = {"kind": kind, "priority": str(priority)}
        waiting.append(("", {**labels, "for": word}, count))
        if word == "worker":
            oldest.append(("", labels, max(0.0, age)))
    yield from _family(
        "reune_tasks_waiting", "gauge", "Tasks that wait, by what they wait for.", waiting
    )
    yield from _family(
        "reune_tasks_oldest_wait_seconds",
        "gauge",
        "How long the oldest task has waited that waits for a worker.",
        oldest,
    )
    yield from _family(
        "reune_tasks_running",
        "gauge",
        "Tasks that run; abandoned ones on paper only, as their worker's lease is over.",
        [("", {"kind": kind, "state": word}, n) for (kind, word), n in running.items()],
    )
    living = Counter((role, release) for role, release, _, is_alive in rows if is_alive)
    yield from _family(
        "reune_processes",
        "gauge",
        "Processes heard of within a lease.",
        [("", {"role": role, "release": one}, n) for (role, one), n in living.items()],
    )


def _added_up(rows: list[Any]) -> tuple[Figures, Figures]:
    """What all processes have counted, and what those that live have."""
    total, living = Figures(), Figures()
    for _, _, text, is_alive in rows:
        figures = processes.loaded(text)
        total.update(figures)
        if is_alive:
            living.update(figures)
    return total, living


def _values(metric: Metric, own: Mapping[Any, float]) -> Iterator[Sample]:
    if not metric.labels:
        yield (
            "",
            {},
            own.get(((), VALUE), 0),
        )  # there from the start, so that it can be seen to rise
        return
    for (labels, _), value in own.items():
        yield "", dict(zip(metric.labels, labels, strict=True)), value


def _histogram(metric: Metric, own: Mapping[Any, float]) -> Iterator[Sample]:
    series: defaultdict[tuple[str, ...], dict[str, float]] = defaultdict(dict)
    for (labels, part), value in own.items():
        series[labels][part] = value
    for labels, parts in series.items():
        named = dict(zip(metric.labels, labels, strict=True))
        counts = [0.0] * (len(BOUNDS) + 1)
        for part, value in parts.items():
            if part != SUM:
                # Another release may have had other bounds.
                counts[bisect_left(BOUNDS, float(part))] += value
        totals = list(accumulate(counts))
        for bound, count in zip([*map(str, BOUNDS), BEYOND], totals, strict=True):
            yield "_bucket", {**named, "le": bound}, count
        yield "_sum", named, parts.get(SUM, 0)
        yield "_count", named, totals[-1]


def _family(name: str, kind: str, text: str, samples: Iterable[Sample]) -> Iterator[str]:
    yield f"# HELP {name} {text}"
    yield f"# TYPE {name} {kind}"
    for suffix, labels, value in samples:
        pairs = ",".join(f'{label}="{_escaped(one)}"' for label, one in labels.items())
        braces = f"{{{pairs}}}" if pairs else ""
        yield f"{name}{suffix}{braces} {value:.15g}"


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
