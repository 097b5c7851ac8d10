from __future__ import annotations

import gc
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from django.db import connection

from learning_paths.budget import Budget, BudgetSpent
from learning_paths.conf import Conf
from learning_paths.exceptions import Reason, SourceUnavailable
from learning_paths.http import HttpClient
from learning_paths.sources.base import Query
from learning_paths.sources.mdn import Mdn
from learning_paths.together import ask_together
from tests.content import faults
from tests.content.server import ContentServer

pytestmark = pytest.mark.django_db(transaction=True)


def fails() -> str:
    raise SourceUnavailable("B", Reason.DOWN)


def budget(seconds: float = 10) -> Budget:
    return Budget(seconds=seconds, calls=10)


def test_answers_come_in_the_order_of_the_questions_and_failures_among_them() -> None:
    first_may_end = threading.Event()

    def first() -> str:
        assert first_may_end.wait(5)
        return "a"

    def last() -> str:
        first_may_end.set()
        return "c"

    found = ask_together({"A": first, "B": fails, "C": last}, budget())
    assert [*found] == ["A", "B", "C"]
    assert found["A"] == "a"
    assert isinstance(found["B"], SourceUnavailable)
    assert found["C"] == "c"


def test_what_is_not_back_when_the_budget_ends_counts_as_unavailable() -> None:
    may_end = threading.Event()
    calls: dict[str, Callable[[], object]] = {"A": lambda: may_end.wait(10), "B": lambda: "b"}
    began = time.monotonic()
    found = ask_together(calls, budget(0.2))
    may_end.set()
    assert time.monotonic() - began < 3
    late = found["A"]
    assert isinstance(late, SourceUnavailable)
    assert (late.source, late.reason) == ("A", Reason.BUDGET)
    assert found["B"] == "b"


def test_a_mistake_of_ours_is_no_failure_of_a_source() -> None:
    with pytest.raises(ZeroDivisionError):
        ask_together({"A": lambda: 1 // 0}, budget())


class Interrupted(BaseException):
    """What the lease thread's signal raises in the main thread."""


@contextmanager
def interrupted_after(seconds: float) -> Iterator[None]:
    def interrupt(*_: object) -> None:
        raise Interrupted

    # What is raised while Python collects garbage is dropped; tasks.lease would raise it again.
    gc.disable()
    before = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        with pytest.raises(Interrupted):
            yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        gc.enable()


def test_an_interruption_ends_the_job_and_waits_for_nobody() -> None:
    spent = budget()
    may_end = threading.Event()
    began = time.monotonic()
    with interrupted_after(0.1):
        ask_together({"A": lambda: may_end.wait(10)}, spent)
    may_end.set()
    assert time.monotonic() - began < 4
    with pytest.raises(BudgetSpent):
        spent.take_call()


def test_an_interruption_comes_through_a_request(content: ContentServer) -> None:
    content.fail("mdn", faults.never_answers)
    conf = Conf(source_urls=content.urls)
    query = Query("css", "en")
    began = time.monotonic()
    with interrupted_after(0.1), HttpClient(conf) as client:
        Mdn(client, conf).search(query)
    assert time.monotonic() - began < 4
    content.heal()
    with HttpClient(conf) as another:
        assert Mdn(another, conf).search(query)


def test_threads_leave_no_connection_behind() -> None:
    def backend() -> int:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            return int(cursor.fetchone()[0])

    found = ask_together({"A": backend, "B": backend}, budget())
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE pid = ANY(%s)", [[*found.values()]]
            )
            if cursor.fetchone()[0] == 0:
                return
    pytest.fail("a connection is still open")
