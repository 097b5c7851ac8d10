"""The admin's pages with a few tasks and with a million: Reune by itself."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

import psycopg

from bench.engines import REUNE
from bench.figures import Spread
from bench.lab import Lab
from bench.plan import Plan
from bench.processes import Child, python
from bench.progress import say
from bench.tables import Row, milliseconds, table, target

#: What a page of the list may take, in milliseconds, p99.
LIST_MS = 300

# One every second back from now, most of them of anonymous callers, every tenth of one of 1,000
# users; one in twenty failed, one in twenty was canceled, one in 5,000 is of a rare kind.
_USERS = """
    INSERT INTO auth_user (username, password, is_superuser, is_staff, is_active, first_name,
        last_name, email, date_joined)
    SELECT 'user' || i, '!', false, false, true, '', '', '', now() FROM generate_series(1, 1000) i
"""
_TASKS = """
    INSERT INTO tasks_taskinfo (id, kind, description, params, language, status, progress, owner_id,
        owner_key, attempt, created_at, started_at, updated_at, completed_at, result)
    SELECT gen_random_uuid(),
        CASE WHEN i %% 5000 = 0 THEN 'tasks.selftest' ELSE 'learning_path' END,
        'Generate MCP for topic: ' || (ARRAY['python', 'xadrez', 'astronomia', 'inteligência',
            'baking', 'fotografia'])[1 + i %% 6] || ' ' || (i %% 5000),
        '{"topic": "python", "language": "pt", "num_nodes": 15}', 'pt',
        COALESCE((ARRAY['failed', 'canceled'])[1 + i %% 20], 'completed'), 100, users.id,
        COALESCE('user:' || users.id, 'ip:' || i %% 1000), 1,
        made, made + interval '2 s', made + interval '9 s', made + interval '9 s',
        jsonb_build_object('text', repeat(md5(i::text), 12))
    FROM generate_series(1, %(count)s) AS i
        CROSS JOIN LATERAL (SELECT now() - i * interval '1 s' - interval '9 s' AS made) AS t
        LEFT JOIN auth_user AS users ON i %% 10 = 0 AND users.username = 'user' || (1 + i %% 997)
"""
_ACTIVE = """
    INSERT INTO tasks_taskinfo (id, kind, description, params, language, owner_key)
    SELECT gen_random_uuid(), 'learning_path', 'Generate MCP for topic: waiting', '{}', 'pt',
        'ip:' || i FROM generate_series(1, 200) AS i
"""


@dataclass(frozen=True)
class Opened:
    """A page, opened again and again: seconds of each time, and its number of queries."""

    seconds: Sequence[float]
    queries: int


#: By the number of tasks and the name of the page.
Found = Mapping[int, Mapping[str, Opened]]


def measure(lab: Lab, plan: Plan) -> Found:
    lab.set_up(REUNE)
    return {count: _measure(lab, plan, count) for count in (plan.finished[0], plan.finished[-1])}


def _measure(lab: Lab, plan: Plan, count: int) -> Mapping[str, Opened]:
    database = f"bench_admin_{count}"
    lab.server.create(database, template=REUNE.database)
    with lab.server.connect(database) as connection:
        _fill(connection, count)
    say(f"{count} tasks to look at")
    with Child(
        python("-m", "bench.admin_child"), lab.variables(REUNE, database), lab.log_of(REUNE)
    ) as child:
        found = json.loads(child.ask(plan.page_views))
    lab.server.drop(database)
    return {name: Opened(**one) for name, one in found.items()}


def _fill(connection: psycopg.Connection[Any], count: int) -> None:
    connection.execute(_USERS)
    connection.execute(_TASKS, {"count": count})
    connection.execute(_ACTIVE)
    connection.execute("VACUUM ANALYZE")
    connection.execute("CHECKPOINT")


def targets(found: Found) -> Sequence[Row]:
    few, many = found[min(found)], found[max(found)]
    slowest = max(Spread.of(one.seconds).p99 for one in many.values())
    grown = [name for name, one in many.items() if one.queries != few[name].queries]
    return (
        target(
            f"admin pages with {max(found):,} tasks, p99 < {LIST_MS} ms",
            f"{slowest:.0f} ms the slowest",
            slowest < LIST_MS,
        ),
        target(
            "queries of an admin page do not grow with the tasks",
            "more: " + ", ".join(grown) if grown else "the same",
            not grown,
        ),
    )


def parts(found: Found, plan: Plan) -> Sequence[str]:
    head = ("", *(f"p50, {count:,} tasks" for count in found), "p99", "worst", "queries")
    rows = [_row(found, name) for name in found[max(found)]]
    return "## Admin", _NOTE.format(views=plan.page_views), table(head, rows)


def _row(found: Found, name: str) -> Row:
    many = found[max(found)][name]
    spread = Spread.of(many.seconds)
    return (
        name,
        *(milliseconds(1000 * median(one[name].seconds)) for one in found.values()),
        milliseconds(spread.p99),
        milliseconds(spread.worst),
        str(many.queries),
    )


_NOTE = """\
A page of the admin from the request to the last byte, in the web server's code without its sockets,
signed in as staff; {views} times each. Lists have 50 tasks. p99, worst and queries are those with
the most tasks."""
