"""
The id of each request, and Django's middleware, where requests can do without.

A poll without a cookie has no session to load, nobody to sign in by it and no messages to show,
and a task reads the same in every language; finding that out takes as long as answering
(docs/decisions/0006-polls.md).
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable
from secrets import token_hex
from typing import Any

from django.conf import settings
from django.contrib.auth import middleware as auth
from django.contrib.messages import middleware as messages
from django.contrib.sessions import middleware as sessions
from django.http import HttpRequest, HttpResponsePermanentRedirect
from django.http.response import HttpResponseBase
from django.middleware import common, locale
from django.utils import translation
from django.utils.deprecation import MiddlewareMixin

from tasks.context import working_for

logger = logging.getLogger(__name__)

POLLED = ("/status/", "/tasks/")
#: Only what comes from here, nothing inline; `data:` is for the pictures of Swagger UI.
CONTENT_SECURITY_POLICY = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none';"
    " form-action 'self'; frame-ancestors 'none'"
)
#: What load balancers ask for.
HEALTH = ("/health", "/health/ready")
#: What others may have us call a request; anything else, and what could forge a log line, is not
#: taken. TaskInfo has room for as much.
_REQUEST_ID = re.compile(r"[A-Za-z0-9._:+/=-]{1,64}")
#: They are most of the requests and change nothing; one that fails is logged all the same.
_QUIET = ("GET", "HEAD", "OPTIONS")


class RequestIdMiddleware:
    """
    Give each request an id, or keep the one it came with in X-Request-ID, and answer with it.

    It stands in the log lines of the request and of the tasks that it submits. What a request
    changes is logged, without what it says: the route and not the path, which may quote a caller.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        given = request.META.get("HTTP_X_REQUEST_ID", "")
        request_id = given if _REQUEST_ID.fullmatch(given) else token_hex(16)
        began = time.monotonic()
        with working_for(request=request_id):
            response = self._get_response(request)
            if request.method not in _QUIET or response.status_code >= 500:
                _log(request, response, time.monotonic() - began)
        response["X-Request-ID"] = request_id
        return response


def _log(request: HttpRequest, response: HttpResponseBase, seconds: float) -> None:
    match = request.resolver_match
    logger.info(
        "request_ended method=%s route=%s status=%d seconds=%.3f",
        request.method,
        match.route if match else "",
        response.status_code,
        seconds,
    )


def is_bare_poll(request: HttpRequest) -> bool:
    return request.path_info.startswith(POLLED) and not request.META.get("HTTP_COOKIE")


class ContentSecurityPolicyMiddleware:
    """Give what has no policy of its own ours."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self._get_response(request)
        response.headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
        return response


class CommonMiddleware(common.CommonMiddleware):
    """
    Django's, and the way to https for whom a proxy of ours heard over plain http.

    SECURE_SSL_REDIRECT would redirect everybody who is not known to have come over TLS: also
    where no proxy speaks it or says so, for ever. Load balancers ask for the health by an
    address, which is none of ALLOWED_HOSTS, and follow nowhere.
    """

    def process_request(self, request: HttpRequest) -> HttpResponsePermanentRedirect | None:
        if request.path_info in HEALTH:
            return None
        if response := super().process_request(request):
            return response
        if settings.HTTPS and _came_over_plain_http(request):
            url = f"https://{request.get_host()}{request.get_full_path()}"
            return HttpResponsePermanentRedirect(url, preserve_request=True)
        return None


def _came_over_plain_http(request: HttpRequest) -> bool:
    proxy = settings.SECURE_PROXY_SSL_HEADER
    return proxy is not None and proxy[0] in request.META and not request.is_secure()


class SkipsPolls(MiddlewareMixin):
    def __call__(self, request: HttpRequest) -> Any:
        return self.get_response(request) if is_bare_poll(request) else super().__call__(request)


class SessionMiddleware(SkipsPolls, sessions.SessionMiddleware):
    pass


class AuthenticationMiddleware(SkipsPolls, auth.AuthenticationMiddleware):
    pass


class MessageMiddleware(SkipsPolls, messages.MessageMiddleware):
    pass


class LocaleMiddleware(locale.LocaleMiddleware):
    """For a poll that names no language, the site's; only its errors are said to be in it."""

    def __call__(self, request: HttpRequest) -> Any:
        if not is_bare_poll(request) or request.META.get("HTTP_ACCEPT_LANGUAGE"):
            return super().__call__(request)
        translation.activate(settings.LANGUAGE_CODE)
        request.LANGUAGE_CODE = settings.LANGUAGE_CODE
        response: Any = self.get_response(request)
        is_sentence = response.status_code >= 400
        return self.process_response(request, response) if is_sentence else response
