"""
Errors as HTTP: every error body is RFC 9457 problem+json, made here.

`detail` is a sentence for people, `code` is stable and for programs, `errors` names the fields
of a bad request.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from math import ceil
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from rest_framework.exceptions import (
    APIException,
    NotAuthenticated,
    Throttled,
    ValidationError,
)
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response

from learning_paths.exceptions import InvalidRequest, LearningPathsError
from tasks import body
from tasks.admin.shown import state_words
from tasks.exceptions import (
    InvalidParams,
    LimitExceeded,
    NoPlaceToWait,
    StillRunning,
    TasksError,
    TransitionRefused,
)

logger = logging.getLogger(__name__)

#: What a caller is told to wait when the database does not answer.
RETRY_DATABASE_SECONDS = 5
#: … and when as many requests wait already as may.
RETRY_PLACE_SECONDS = 10
#: … and when a task is not done yet that was waited for.
RETRY_TASK_SECONDS = 1

#: A caller's own word, such as an unknown parameter's name, is repeated up to this length.
LONGEST_FIELD = 100
#: What each error of the apps is over HTTP. An error that is not here is a fault of ours: 500.
STATUS_OF_CODE = {
    "invalid_request": HTTPStatus.BAD_REQUEST,
    "unknown_kind": HTTPStatus.BAD_REQUEST,
    "transition_refused": HTTPStatus.CONFLICT,
    "limit_exceeded": HTTPStatus.TOO_MANY_REQUESTS,
    "priority_refused": HTTPStatus.FORBIDDEN,
    "idempotency_key_reused": HTTPStatus.UNPROCESSABLE_ENTITY,
    "no_place_to_wait": HTTPStatus.SERVICE_UNAVAILABLE,
    "still_running": HTTPStatus.SERVICE_UNAVAILABLE,
    "task_failed": HTTPStatus.UNPROCESSABLE_ENTITY,
}


class ProblemRenderer(JSONRenderer):
    media_type = "application/problem+json"
    charset = None


def problem_response(error: Exception, context: Mapping[str, Any]) -> Response | None:
    """What a view of the API answers when it raised `error`; None for an error we do not know."""
    found = _problem_of(error)
    if found is None:
        return None
    response = Response(found, status=found["status"], headers=_headers_of(error))
    context["request"].accepted_renderer = ProblemRenderer()
    context["request"].accepted_media_type = ProblemRenderer.media_type
    return response


def _headers_of(error: Exception) -> dict[str, str]:
    headers = {}
    if auth_header := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = auth_header
    match error:
        case LimitExceeded():
            headers["Retry-After"] = str(ceil(error.retry_after.total_seconds()))
        case Throttled():
            headers["Retry-After"] = str(ceil(getattr(error, "wait", None) or 1))
        case OperationalError() | InterfaceError():
            headers["Retry-After"] = str(RETRY_DATABASE_SECONDS)
        case NoPlaceToWait():
            headers["Retry-After"] = str(RETRY_PLACE_SECONDS)
        case StillRunning():
            headers["Retry-After"] = str(RETRY_TASK_SECONDS)
            headers["Location"] = reverse("task", args=[error.task_id])
        case _:
            pass
    return headers


def problem(
    status: int, code: str, detail: str, errors: Iterable[tuple[str, str]] = ()
) -> dict[str, Any]:
    """The body of a problem. `type` is about:blank: `code` says which problem it is."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": int(status),
        "code": code,
        "detail": _writable(detail),
    }
    if fields := [
        {"field": _writable(field[:LONGEST_FIELD]), "message": _writable(message)}
        for field, message in errors
    ]:
        body["errors"] = fields
    return body


def _writable(text: str) -> str:
    """The text without halves of surrogate pairs, which JSON can have and UTF-8 cannot."""
    return text.encode(errors="replace").decode()


def _problem_of(error: Exception) -> dict[str, Any] | None:
    match error:
        case InvalidRequest():
            fields = [(one.field, one.message) for one in error.errors]
            return problem(HTTPStatus.BAD_REQUEST, error.code, str(error), fields)
        case InvalidParams():
            fields = [(error.field, str(error))]
            return problem(STATUS_OF_CODE[error.code], error.code, str(error), fields)
        case LimitExceeded():
            fields = [(error.limit, str(error))]
            return problem(STATUS_OF_CODE[error.code], error.code, str(error), fields)
        case TransitionRefused():
            return _problem_of_a_task(error, _refusal(error))
        case StillRunning():
            return _problem_of_a_task(error, str(error))
        case TasksError() | LearningPathsError() if error.code in STATUS_OF_CODE:
            return problem(STATUS_OF_CODE[error.code], error.code, str(error))
        case ValidationError():
            fields = list(_flat(error.detail))
            detail = " ".join(
                f"{field[:LONGEST_FIELD]}: {message}" if field else message
                for field, message in fields
            )
            return problem(error.status_code, "invalid_request", detail, fields)
        case NotAuthenticated():
            detail = _("Say who you are: send your token in the header “Authorization: Bearer …”.")
            return problem(error.status_code, error.default_code, detail)
        case Throttled():
            detail = _("You ask faster than you may. Wait as long as Retry-After says.")
            return problem(error.status_code, error.default_code, detail)
        case APIException():
            return problem(error.status_code, str(error.get_codes()), str(error.detail))
        case _:
            return _problem_of_django(error)


def _problem_of_a_task(error: TransitionRefused | StillRunning, detail: str) -> dict[str, Any]:
    """With the task as it is, if it is there."""
    found = body.read(error.task_id)
    task = {"task": found.fields} if found else {}
    return problem(STATUS_OF_CODE[error.code], error.code, detail) | task


def _refusal(error: TransitionRefused) -> str:
    """Its own message is for operators: it has the id, and is in English."""
    state = state_words().get(error.status) or _("not there any more")
    return _("This cannot be done: the task is %(state)s.") % {"state": state}


def _problem_of_django(error: Exception) -> dict[str, Any] | None:
    match error:
        case OperationalError() | InterfaceError():
            logger.error("database_unreachable error=%s", type(error).__name__)
            detail = _("The database does not answer. Nothing is lost; try again in a moment.")
            return problem(HTTPStatus.SERVICE_UNAVAILABLE, "database_unreachable", detail)
        case Http404():
            detail = str(error) or _("There is nothing at this address.")
            return problem(HTTPStatus.NOT_FOUND, "not_found", detail)
        case RequestDataTooBig():
            detail = _("The body of this request is larger than the server reads.")
            status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
            return problem(status, "request_too_large", detail)
        case SuspiciousOperation():
            detail = _("The server could not read this request.")
            return problem(HTTPStatus.BAD_REQUEST, "bad_request", detail)
        case PermissionDenied():
            detail = str(error) or _("You may not do this.")
            return problem(HTTPStatus.FORBIDDEN, "permission_denied", detail)
        case _:
            return None


def _flat(detail: Any, field: str = "") -> Iterable[tuple[str, str]]:
    """The messages in DRF's nested error detail, each with its field."""
    if isinstance(detail, Mapping):
        for name, inner in detail.items():
            yield from _flat(inner, "" if name == "non_field_errors" else str(name))
    elif isinstance(detail, list):
        for inner in detail:
            yield from _flat(inner, field)
    else:
        yield field, str(detail)


@csrf_exempt
def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Django's handler404, and what an address that no view has answers in debug mode too."""
    detail = _("There is nothing at %(path)s. GET /health answers; README.md lists the calls.") % {
        "path": request.path[:200]
    }
    return _answer(problem(HTTPStatus.NOT_FOUND, "not_found", detail))


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler400: a request it refuses to read, a forged Host for example."""
    detail = _("The server could not read this request.")
    return _answer(problem(HTTPStatus.BAD_REQUEST, "bad_request", detail))


def server_error(request: HttpRequest) -> HttpResponse:
    """Django's handler500."""
    detail = _("Something went wrong in the server. Its log has the details.")
    return _answer(problem(HTTPStatus.INTERNAL_SERVER_ERROR, "server_error", detail))


def _answer(body: dict[str, Any]) -> HttpResponse:
    return JsonResponse(body, status=body["status"], content_type=ProblemRenderer.media_type)
