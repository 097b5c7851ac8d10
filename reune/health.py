"""Whether this process answers, and whether the installation can do its work."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence

from django.db import Error, connection
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from reune.errors import ProblemRenderer, problem
from tasks import processes
from tasks.api.documentation import refused
from tasks.schema import missing_migrations

#: Whoever asks again within this time gets the same answer.
KEPT_SECONDS = 1.0
NOT_READY = "not_ready"
#: What may be missing, in the order in which one needs it.
MISSING = {
    "database": _("The database does not answer."),
    "migrations": _("The database lacks migrations: run “manage.py migrate”."),
    "worker": _("No worker was heard of within a lease: start “manage.py worker”."),
}


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


class ReadyView(APIView):
    """Three small queries at most once a second, however many ask."""

    authentication_classes = ()
    permission_classes = ()
    throttle_classes = ()

    @extend_schema(
        summary="Whether tasks are accepted and done",
        description="The database answers, is migrated, and a worker was heard of lately.",
        responses={
            200: OpenApiResponse(
                {
                    "type": "object",
                    "required": ["status"],
                    "additionalProperties": False,
                    "properties": {"status": {"const": "ready"}},
                },
                "Everything is there.",
            ),
            503: refused(
                "Something is missing; `errors` says what.", NOT_READY, str(MISSING["worker"])
            ),
        },
    )
    def get(self, request: Request) -> Response:
        missing = _readiness.missing()
        if not missing:
            return Response({"status": "ready"})
        fields = [(name, str(MISSING[name])) for name in missing]
        detail = " ".join(message for _name, message in fields)
        request.accepted_renderer = ProblemRenderer()
        request.accepted_media_type = ProblemRenderer.media_type
        return Response(problem(503, NOT_READY, detail, fields), status=503)


class Readiness:
    """What is missing, looked up at most once a second."""

    def __init__(self) -> None:
        self._missing: Sequence[str] = ()
        self._looked_at = float("-inf")
        self._lock = threading.Lock()

    def missing(self) -> Sequence[str]:
        """Names from MISSING."""
        with self._lock:
            if time.monotonic() - self._looked_at >= KEPT_SECONDS:
                self._missing = what_is_missing()
                self._looked_at = time.monotonic()
            return self._missing


_readiness = Readiness()


def what_is_missing() -> Sequence[str]:
    """Names from MISSING, as it is now."""
    try:
        if missing_migrations():
            return ("migrations",)
        return () if processes.alive().filter(role="worker").exists() else ("worker",)
    except Error:
        connection.close()
        return ("database",)
