"""
Django's middleware for what people look at, which polls of tasks do without.

A poll without a cookie has no session to load, nobody to sign in by it and no messages to show;
finding that out takes as long as answering (docs/decisions/0006-polls.md).
"""

from __future__ import annotations

from typing import Any

from django.contrib.auth import middleware as auth
from django.contrib.messages import middleware as messages
from django.contrib.sessions import middleware as sessions
from django.http import HttpRequest
from django.utils.deprecation import MiddlewareMixin

POLLED = ("/status/", "/tasks/")


class SkipsPolls(MiddlewareMixin):
    def __call__(self, request: HttpRequest) -> Any:
        if request.path_info.startswith(POLLED) and not request.META.get("HTTP_COOKIE"):
            return self.get_response(request)
        return super().__call__(request)


class SessionMiddleware(SkipsPolls, sessions.SessionMiddleware):
    pass


class AuthenticationMiddleware(SkipsPolls, auth.AuthenticationMiddleware):
    pass


class MessageMiddleware(SkipsPolls, messages.MessageMiddleware):
    pass
