"""Keyset pagination: the body is a bare list, the next page is in the Link header."""

from __future__ import annotations

from typing import Any

from rest_framework.pagination import CursorPagination


class NewestFirst(CursorPagination):
    page_size = 50
    max_page_size = 100
    page_size_query_param = "limit"
    ordering = ("-created_at", "-id")

    def links(self) -> str:
        """The Link header; empty when there is one page."""
        links = [("next", self.get_next_link()), ("prev", self.get_previous_link())]
        return ", ".join(f'<{url}>; rel="{name}"' for name, url in links if url)

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        """The body is the bare list."""
        return schema
