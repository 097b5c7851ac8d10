"""`GET /metrics`: what Prometheus reads, for staff, for the bearer of METRICS_TOKEN, or for all."""

from __future__ import annotations

import secrets
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from rest_framework.authentication import get_authorization_header
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from reune.authentication import BearerAuthentication, RememberedSessionAuthentication
from tasks.api.documentation import refused
from tasks.scrape import CONTENT_TYPE, Scrape

_SCRAPER = "scraper"
_EXAMPLE = """\
# HELP reune_tasks_waiting Tasks that wait, by what they wait for.
# TYPE reune_tasks_waiting gauge
reune_tasks_waiting{kind="learning_path",priority="5",for="worker"} 3
"""


class ScraperAuthentication(BearerAuthentication):
    """As everywhere; and METRICS_TOKEN, which is nobody's and opens nothing else."""

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        wanted = f"Bearer {settings.METRICS_TOKEN}".encode()
        given = get_authorization_header(request)
        if settings.METRICS_TOKEN and secrets.compare_digest(given, wanted):
            return AnonymousUser(), _SCRAPER
        return super().authenticate(request)


class MayRead(BasePermission):
    def has_permission(self, request: Request, view: Any) -> bool:
        return settings.METRICS_OPEN or request.auth == _SCRAPER or request.user.is_staff


_scrape = Scrape()


class MetricsView(APIView):
    authentication_classes = (ScraperAuthentication, RememberedSessionAuthentication)
    permission_classes = (MayRead,)

    @extend_schema(
        summary="All metrics, for Prometheus",
        description="For staff, and for the bearer of METRICS_TOKEN; METRICS_OPEN=true: for all.",
        responses={
            (200, "text/plain"): OpenApiResponse(
                OpenApiTypes.STR,
                "The text format, version 0.0.4.",
                [OpenApiExample("waiting", _EXAMPLE)],
            ),
            403: refused("Only staff may.", "permission_denied", "You may not do this."),
        },
    )
    def get(self, request: Request) -> HttpResponse:
        return HttpResponse(_scrape.text(), content_type=CONTENT_TYPE)
