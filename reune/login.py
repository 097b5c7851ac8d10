"""What django-axes, which limits how often passwords are tried, asks the project."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from tasks.owners import client_address

logger = logging.getLogger(__name__)


def address(request: HttpRequest) -> str | None:
    """Of the caller, as for limits; axes has no networks, so IPv6 is the first of its /64."""
    return client_address(request).partition("/")[0] or None


def locked_out(request: HttpRequest, response: HttpResponse, credentials: Any) -> HttpResponse:
    """The answer to whom axes does not let try a password, right or wrong."""
    logger.warning("login_locked_out")
    minutes = settings.AXES_COOLOFF_TIME.total_seconds() / 60
    text = _("Too many wrong passwords came from your address. Try again in %(minutes)d minutes.")
    return HttpResponse(
        text % {"minutes": minutes},
        status=HTTPStatus.TOO_MANY_REQUESTS,
        content_type="text/plain; charset=utf-8",
        headers={"Retry-After": str(int(minutes * 60))},
    )
