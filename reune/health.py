"""Whether this process answers."""

from __future__ import annotations

from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView


class HealthView(APIView):
    """Asks nobody and nothing, neither who it is nor the database."""

    authentication_classes = ()
    permission_classes = ()
    throttle_classes = ()

    @extend_schema(
        summary="Whether the server answers",
        responses=OpenApiResponse(
            {
                "type": "object",
                "required": ["status"],
                "additionalProperties": False,
                "properties": {"status": {"const": "ok"}},
            },
            "It does.",
        ),
    )
    def get(self, request: Request) -> Response:
        return Response({"status": "ok"})
