"""
The page for people: the form at /, and a task with its path at /paths/{id}.

It works without JavaScript as far as asking, seeing the state and changing it: each page is a
plain document with plain forms, and the modules in `static/reune` make it live through the API.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import wraps
from http import HTTPStatus
from typing import Any, cast
from uuid import UUID

from django.conf import settings
from django.contrib.auth.views import LoginView
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.middleware.csrf import get_token
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.views.decorators.http import require_http_methods, require_safe
from rest_framework.settings import api_settings

from learning_paths.exceptions import InvalidRequest
from learning_paths.export.files import Format, exported, file_name
from learning_paths.export.links import with_safe_url
from learning_paths.export.page import content_security_policy
from learning_paths.handlers import KIND
from reune import page_texts as texts
from reune import path_form
from reune.assets import address_of, assets
from reune.errors import STATUS_OF_CODE
from tasks import body, lifecycle, live
from tasks.api.responses import text_response
from tasks.body import Body
from tasks.exceptions import LimitExceeded, TasksError, TransitionRefused
from tasks.models import USER_PREFIX, TaskInfo
from tasks.owners import Owner, owner_of

#: How many of one's own tasks the page lists; the modules load more.
LISTED = 20
#: How many topics of the catalogue are shown before one types.
EXAMPLES = 12
RELOAD_SECONDS = 3
#: What the contract writes before the topic, in every language.
_DESCRIPTION = re.compile(r"Generate MCP for topic: ")
_THEMES = ("light", "dark")
_FILES = {"md": "text/markdown", "html": "text/html", "json": "application/json"}
_VERBS: Mapping[str, Callable[[UUID], None]] = {
    "cancel": lambda task_id: lifecycle.cancel(task_id, reason="asked for on the page"),
    "resume": lifecycle.resume,
    "delete": lifecycle.delete,
}

View = Callable[..., HttpResponseBase]


def page(view: View) -> View:
    """A view whose errors are pages as well, and whose answers nobody else may keep."""

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            response = view(request, *args, **kwargs)
        except Http404:
            response = _trouble(request, HTTPStatus.NOT_FOUND, "not_found")
        except (OperationalError, InterfaceError):
            response = _trouble(request, HTTPStatus.SERVICE_UNAVAILABLE, "away")
            response["Retry-After"] = "5"
        response["Cache-Control"] = "private, no-cache"
        return response

    return answer


@page
@require_http_methods(["GET", "HEAD", "POST"])
def home(request: HttpRequest) -> HttpResponse:
    """The form and one's own tasks; a form that is sent becomes a task."""
    if not _may_ask(request):
        return redirect("login")
    if request.method != "POST":
        return _form_page(request, path_form.from_query(request.GET))
    form = path_form.from_post(request.POST)
    try:
        task = path_form.submit(form, owner_of(request))
    except InvalidRequest as error:
        form = form.with_errors({one.field: one.message for one in error.errors})
        return _form_page(request, form, HTTPStatus.BAD_REQUEST)
    except TasksError as error:
        status = STATUS_OF_CODE.get(error.code, HTTPStatus.BAD_REQUEST)
        return _form_page(request, form.with_errors({"": str(error)}), status)
    return redirect("path-page", task.pk)


@page
@require_http_methods(["GET", "HEAD", "POST"])
def path_page(request: HttpRequest, task_id: UUID) -> HttpResponse:
    """A task: its state while it is on its way, then the path. Who may read it may share it."""
    found = live.body_of(task_id)
    owner = owner_of(request)
    if found is None or not _may_read(found, owner) or found.fields["kind"] != KIND:
        raise Http404
    may_change = found.owner_key == owner.key or owner.is_trusted
    if request.method != "POST":
        return _task_page(request, found, may_change)
    try:
        return _change(request, found, may_change)
    except LimitExceeded as error:
        status = STATUS_OF_CODE[error.code]
        return _task_page(request, found, may_change, refusal=str(error), status=status)


@page
@require_safe
def path_file(request: HttpRequest, task_id: UUID, kind: str) -> HttpResponse:
    """The path to keep (md, json), or to read and print (html)."""
    found = live.body_of(task_id)
    if found is None or found.result is None or found.fields["kind"] != KIND or kind not in _FILES:
        raise Http404
    if not _may_read(found, owner_of(request)):
        raise Http404
    document = json.loads(found.result)
    content = exported(document, cast(Format, kind)).encode()
    response = text_response(request, content, f"{_FILES[kind]}; charset=utf-8")
    if kind == "html":
        response["Content-Security-Policy"] = content_security_policy()
    else:
        name = file_name(document["topic"], document["language"], cast(Format, kind))
        response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


class SignIn(LoginView):
    """For users who are no staff, whom the admin would not let in."""

    template_name = "reune/sign_in.html"
    next_page = "home"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs) | _context(self.request, texts.ACCOUNT)


@page
def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """What a form without its token, or with one from before a sign-in, leads to."""
    return _trouble(request, HTTPStatus.FORBIDDEN, "old_form")


def _task_page(
    request: HttpRequest, found: Body, may_change: bool, *, refusal: str = "", status: int = 200
) -> HttpResponse:
    context = {
        "task": _shown(found.fields),
        "may_change": may_change,
        "refusal": refusal,
        "place": str(texts.PROGRESS["place"]) % {"place": found.place},
        "reload_seconds": RELOAD_SECONDS,
        "steps": _steps(found),
    }
    groups = (texts.PROGRESS, texts.PATH, texts.STEP)
    return _page(request, "reune/path.html", context, *groups, status=status)


def _change(request: HttpRequest, found: Body, may_change: bool) -> HttpResponse:
    verb = _VERBS.get(request.POST.get("verb", ""))
    if verb is None or not may_change:
        raise Http404
    # When it has ended in this very moment, the page shows how it is now.
    with suppress(TransitionRefused):
        verb(found.task_id)
    live.forget(found.task_id)
    if body.read(found.task_id) is None:
        return redirect("home")
    return redirect("path-page", found.task_id)


def _form_page(request: HttpRequest, form: path_form.PathForm, status: int = 200) -> HttpResponse:
    listed = TaskInfo.objects.of_owner(owner_of(request).key).filter(kind=KIND)
    newest = listed.order_by("-created_at").values_list("pk", flat=True)[:LISTED]
    topics = path_form.topics()
    context = {
        "form": form,
        "topics": topics,
        "examples": path_form.mixed(topics, EXAMPLES),
        "example": str(texts.FORM["topic_example"]) % {"topic": topics[0].name},
        "tasks": [_shown(one.fields) for one in body.read_many(list(newest))],
    }
    return _page(request, "reune/home.html", context, texts.FORM, status=status)


def _page(
    request: HttpRequest,
    template: str,
    context: dict[str, Any],
    *groups: texts.Texts,
    status: int = 200,
) -> HttpResponse:
    given = _context(request, *groups)
    return render(request, template, given | context, status=status)


def _context(request: HttpRequest, *groups: texts.Texts) -> dict[str, Any]:
    """What every template needs; the groups are the words it uses."""
    words = texts.in_language(texts.COMMON, *groups)
    theme = request.COOKIES.get("theme")
    return {
        "t": words,
        "language": _language(),
        "languages": settings.LANGUAGES,
        "theme": theme if theme in _THEMES else "",
        "icon": address_of("icon.svg"),
        "styles": _addresses(".css"),
        "modules": _addresses(".js"),
        "config": {"texts": words, "language": _language(), "csrf": get_token(request)},
        "may_ask": _may_ask(request),
    }


def _addresses(ending: str) -> dict[str, str]:
    names = [name for name in assets().files if name.endswith(ending)]
    return {name.removesuffix(ending): address_of(name) for name in names}


def _trouble(request: HttpRequest, status: HTTPStatus, name: str) -> HttpResponse:
    words = texts.in_language(texts.ACCOUNT)
    # Without a user: who that is, only the database knows.
    context = {"head": words[f"{name}_head"], "text": words[f"{name}_text"], "user": None}
    return _page(request, "reune/trouble.html", context, texts.ACCOUNT, status=status)


def _may_ask(request: HttpRequest) -> bool:
    """What the API says: anonymous callers can be switched off."""
    rules: Any = api_settings.DEFAULT_PERMISSION_CLASSES  # classes, which the stubs call strings
    return all(rule().has_permission(request, None) for rule in rules)


def _may_read(found: Body, owner: Owner) -> bool:
    is_anonymous = not found.owner_key.startswith(USER_PREFIX)
    return is_anonymous or found.owner_key == owner.key or owner.is_trusted


def _shown(fields: dict[str, Any]) -> dict[str, Any]:
    return fields | {"topic": _DESCRIPTION.sub("", fields["description"], count=1)}


def _steps(found: Body) -> list[dict[str, Any]]:
    """The steps of a finished path in the order of learning, for who has no JavaScript."""
    if found.result is None:
        return []
    nodes = json.loads(found.result).get("nodes", {}).values()
    return [
        node | {"resources": [with_safe_url(resource) for resource in node["resources"]]}
        for node in sorted(nodes, key=lambda node: int(node["order"]))
    ]


def _language() -> str:
    return (get_language() or settings.LANGUAGE_CODE).split("-")[0]
