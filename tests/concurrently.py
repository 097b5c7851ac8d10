"""Doing things at the same time, each with a database connection of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    """Run each call in a thread; return values or exceptions, in order."""
    results: list[Any] = [None] * len(calls)
    start = threading.Barrier(len(calls))

    def run(place: int) -> None:
        try:
            start.wait(10)
            results[place] = calls[place]()
        except Exception as error:  # noqa: BLE001  # handed to the test
            results[place] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[place]) for place in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return results


@contextmanager
def meanwhile_in_a_transaction(act: Callable[[], Any]) -> Iterator[None]:
    """Have another session do `act` and not commit while the block runs; then it rolls back."""
    did, may_end = threading.Event(), threading.Event()

    def hold() -> None:
        try:
            with transaction.atomic():
                act()
                did.set()
                may_end.wait(60)
                transaction.set_rollback(True)
        finally:
            connection.close()

    thread = threading.Thread(target=hold)
    thread.start()
    assert did.wait(10)
    try:
        yield
    finally:
        may_end.set()
        thread.join(10)
