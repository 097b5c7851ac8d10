"""Keyset pagination: the body is a bare list, the next page is in the Link header."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from django.utils.dateparse import parse_datetime
from rest_framework.exceptions import NotFound
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request

#: What a cursor is written with: base64.
CURSOR = r"^[A-Za-z0-9+/]+={0,2}$"


class NewestFirst(CursorPagination):
    page_size = 50
    max_page_size = 100
    page_size_query_param = "limit"
    ordering = ("-created_at", "-id")

    def decode_cursor(self, request: Request) -> Any:
        """Raises NotFound, also for a position that none of our links has."""
        cursor = super().decode_cursor(request)
        # Without a position it says how many to skip, as when many were made at one instant.
        if cursor and cursor.position is not None and not _is_instant(str(cursor.position)):
            raise NotFound(self.invalid_cursor_message)
        return cursor

    def links(self) -> str:
        """The Link header; empty when there is one page."""
        links = [("next", self.get_next_link()), ("prev", self.get_previous_link())]
        return ", ".join(f'<{url}>; rel="{name}"' for name, url in links if url)

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        """The body is the bare list."""
        return schema


def _is_instant(position: str) -> bool:
    with suppress(ValueError):
        instant = parse_datetime(position)
        return instant is not None and instant.tzinfo is not None
    return False
