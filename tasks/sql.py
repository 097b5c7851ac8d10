"""Statements that the ORM cannot say."""

from __future__ import annotations

from typing import Any

from django.db import connection


def fetch_one(sql: str, terms: Any) -> tuple[Any, ...] | None:
    with connection.cursor() as cursor:
        cursor.execute(sql, terms)
        row: tuple[Any, ...] | None = cursor.fetchone()
        return row
