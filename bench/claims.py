"""What a claim costs with a long history and a long queue: Reune by itself."""

from __future__ import annotations

from dataclasses import dataclass

import psycopg

from bench.engines import REUNE
from bench.lab import Lab
from bench.plan import Plan
from bench.processes import Child, python
from bench.progress import say
from tasks.conf import Conf

_HISTORY = """
    INSERT INTO tasks_taskinfo (id, kind, description, params, language, status, progress,
        owner_key, attempt, created_at, started_at, updated_at, completed_at, result)
    SELECT gen_random_uuid(), 'bench.history', 'Benchmark', '{"topic": "python"}', 'en',
        (ARRAY['completed', 'completed', 'completed', 'failed', 'canceled'])[1 + i %% 5], 100,
        'ip:' || i %% 1000, 1, made, made, made, made, '{"levels": 3}'
    FROM generate_series(1, %(count)s) AS i, LATERAL (SELECT now() - i * interval '1 s') AS t (made)
"""
# At their places in line, for the priority that tasks have unless told otherwise.
_QUEUE = """
    WITH entries AS (
        INSERT INTO django_q_ormq (key, payload, lock)
        SELECT 'reune', repeat('x', 300), now() - i * interval '1 ms' - 5 * %(head_start)s
        FROM generate_series(1, %(count)s) AS i
        RETURNING id, lock
    )
    INSERT INTO tasks_taskinfo (id, kind, description, params, language, owner_key, created_at,
        entry_id)
    SELECT gen_random_uuid(), 'bench.noop', 'Benchmark', '{"token": "-"}', 'en', 'command',
        lock + 5 * %(head_start)s, id
    FROM entries
"""


@dataclass(frozen=True)
class Backlog:
    finished: int
    pending: int

    @property
    def database(self) -> str:
        return f"bench_claims_{self.finished}_{self.pending}"


def measure(lab: Lab, plan: Plan) -> dict[Backlog, list[float]]:
    """Seconds of a claim, the median of each round; in turn, so that all meet the same machine."""
    backlogs = [Backlog(count, 0) for count in plan.finished]
    backlogs.append(Backlog(plan.finished[0], plan.pending))
    lab.set_up(REUNE)
    for backlog in backlogs:
        _fill(lab, backlog)
        say(f"{backlog.finished} finished and {backlog.pending} pending tasks made")
    took: dict[Backlog, list[float]] = {backlog: [] for backlog in backlogs}
    for _ in range(plan.claim_rounds):
        for backlog in backlogs:
            took[backlog].append(_claim(lab, backlog, plan.claims))
    for backlog in backlogs:
        lab.server.drop(backlog.database)
    return took


def _fill(lab: Lab, backlog: Backlog) -> None:
    lab.server.create(backlog.database, template=REUNE.database)
    with lab.server.connect(backlog.database) as connection:
        connection.execute(_HISTORY, {"count": backlog.finished})
        terms = {"count": backlog.pending, "head_start": Conf.priority_head_start}
        connection.execute(_QUEUE, terms)
        _settle(connection)


def _settle(connection: psycopg.Connection[object]) -> None:
    """Let nothing of the filling be left to do while claims are measured."""
    connection.execute("VACUUM ANALYZE")
    connection.execute("CHECKPOINT")


def _claim(lab: Lab, backlog: Backlog, count: int) -> float:
    variables = lab.variables(REUNE, backlog.database)
    command = python("-m", "bench.claims_child", str(bool(backlog.pending)))
    with Child(command, variables, lab.log_of(REUNE)) as child:
        return float(child.ask(count))
