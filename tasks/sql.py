"""Statements that the ORM cannot say."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction


def fetch_one(sql: str, terms: Any) -> tuple[Any, ...] | None:
    with connection.cursor() as cursor:
        cursor.execute(sql, terms)
        row: tuple[Any, ...] | None = cursor.fetchone()
        return row


@contextmanager
def planned_for_their_values() -> Iterator[None]:
    """
    Have statements be planned for the values they come with, however often they have come.

    A plan for any value cannot use a partial index, and takes a rare word for an average one; that
    is for statements that look for very different things. In a transaction of its own.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            # A common word is in so many rows that with less memory whole pages are read anew.
            cursor.execute(
                "SET LOCAL plan_cache_mode TO force_custom_plan; SET LOCAL work_mem TO '32MB'"
            )
        yield
