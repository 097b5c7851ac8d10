"""Keyset pagination: the body is a bare list, the next page is in the Link header."""

from __future__ import annotations

from typing import Any

from rest_framework.pagination import CursorPagination
from rest_framework.response import Response


class NewestFirst(CursorPagination):
    page_size = 50
    max_page_size = 100
    page_size_query_param = "limit"
    ordering = ("-created_at", "-id")

    def get_paginated_response(self, data: Any) -> Response:
        links = [("next", self.get_next_link()), ("prev", self.get_previous_link())]
        header = ", ".join(f'<{url}>; rel="{name}"' for name, url in links if url)
        return Response(data, headers={"Link": header} if header else None)
