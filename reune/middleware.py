"""
Django's middleware for what people look at, which polls of tasks do without.

A poll without a cookie has no session to load, nobody to sign in by it and no messages to show,
and a task reads the same in every language; finding that out takes as long as answering
(docs/decisions/0006-polls.md).
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth import middleware as auth
from django.contrib.messages import middleware as messages
from django.contrib.sessions import middleware as sessions
from django.http import HttpRequest
from django.middleware import locale
from django.utils import translation
from django.utils.deprecation import MiddlewareMixin

POLLED = ("/status/", "/tasks/")


def is_bare_poll(request: HttpRequest) -> bool:
    return request.path_info.startswith(POLLED) and not request.META.get("HTTP_COOKIE")


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
