"""The OpenAPI 3.1 description at /schema, and the page at /docs that shows it without a network."""

from __future__ import annotations

from typing import Any, NamedTuple

from django.http import HttpResponse
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.views import SpectacularJSONAPIView, SpectacularSwaggerSplitView
from rest_framework.request import Request

from learning_paths.api import documentation as learning_paths
from reune import errors, health
from tasks.api import documentation as tasks
from tasks.registry import kinds

#: What else there is of `code` beside what the errors of the apps have.
_CODES = {
    *("bad_request", "request_too_large", "not_found", "permission_denied", "server_error"),
    *("authentication_failed", "not_authenticated", "throttled", "database_unreachable"),
    *("parse_error", "unsupported_media_type", "method_not_allowed"),
    health.NOT_READY,
}
PROBLEM: dict[str, Any] = {
    "type": "object",
    "description": "RFC 9457.",
    "required": ["type", "title", "status", "code", "detail"],
    "additionalProperties": False,
    "properties": {
        "type": {"const": "about:blank"},
        "title": {"type": "string", "description": "The status in words."},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "code": {
            "enum": sorted(_CODES | errors.STATUS_OF_CODE.keys()),
            "description": "Stable, for programs.",
        },
        "detail": {"type": "string", "description": "A sentence for people."},
        "errors": {
            "type": "array",
            "minItems": 1,
            "description": "What is wrong with which parameter.",
            "items": {
                "type": "object",
                "required": ["field", "message"],
                "additionalProperties": False,
                "properties": {
                    "field": {"type": "string", "description": "Empty for the whole body."},
                    "message": {"type": "string"},
                },
            },
        },
        "task": {"$ref": "#/components/schemas/Task", "description": "The task it is about."},
    },
}


class _Refusal(NamedTuple):
    """What a response says: `code` and `detail` are an example's, `headers` are by name."""

    description: str
    code: str
    detail: str
    headers: dict[str, Any] = {}


_RETRY_AFTER = {
    "Retry-After": {"description": "Seconds until a new try.", "schema": {"type": "integer"}}
}
_CHALLENGE = {
    "WWW-Authenticate": {"description": "Bearer: what is needed.", "schema": {"type": "string"}}
}
_REQUEST_ID = {
    "X-Request-ID": {
        "description": "What the log calls the request: the id it came with, or a new one.",
        "schema": {"type": "string", "minLength": 1, "maxLength": 64},
    }
}
#: What may happen to any request.
_EVERYWHERE = {
    400: _Refusal(
        "Something is wrong with the request; `errors` says with which parameter.",
        "invalid_request",
        "num_nodes must be from 10 to 30.",
    ),
    401: _Refusal(
        "The token is none, or has been revoked; or one is needed.",
        "not_authenticated",
        "Say who you are: send your token.",
        _CHALLENGE,
    ),
    403: _Refusal(
        "The session of a browser came without its CSRF token.",
        "permission_denied",
        "CSRF Failed: CSRF token missing.",
    ),
    429: _Refusal(
        "Faster than one may ask, or more than one may have.",
        "throttled",
        "You ask faster than you may.",
        _RETRY_AFTER,
    ),
    503: _Refusal(
        "The server cannot answer now. Nothing is lost.",
        "database_unreachable",
        "The database does not answer.",
        _RETRY_AFTER,
    ),
}
_NOT_THERE = _Refusal(
    "There is none of this id, or it is somebody else's.",
    "not_found",
    "There is no task 550e8400-e29b-41d4-a716-446655440000.",
)
_NO_PAGE = _Refusal("No `Link` has this cursor.", "not_found", "Invalid cursor")
_OF_A_BODY = {
    413: _Refusal("The body is too large.", "request_too_large", "The body is too large."),
    415: _Refusal(
        "The body is in none of the content types above.",
        "unsupported_media_type",
        "Unsupported media type “text/csv” in request.",
    ),
}

#: In which answers a task's id stands, and where.
_GIVES_A_TASK = (("/tasks", "202", "/id"), ("/generate_mcp_async", "200", "/task_id"))


class SchemaView(SpectacularJSONAPIView):
    throttle_classes = ()


class DocsView(SpectacularSwaggerSplitView):
    throttle_classes = ()
    # drf-spectacular's has a style sheet in the page, which our Content-Security-Policy forbids.
    template_name = "reune/docs.html"
    url_name = "schema"

    def options(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponse:  # type: ignore[override]
        """Only the methods, in a response of Django's: DRF's would look for a template."""
        return HttpResponse()


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "reune.authentication.BearerAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        return {"type": "http", "scheme": "bearer"}


class ScraperScheme(BearerScheme):  # type: ignore[no-untyped-call]
    target_class = "reune.metrics.ScraperAuthentication"
    name = "scraper"


class SessionScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "reune.authentication.RememberedSessionAuthentication"
    name = "session"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        return {"type": "apiKey", "in": "cookie", "name": "sessionid"}


def complete(result: dict[str, Any], **given: Any) -> dict[str, Any]:
    """Add the components that are no serializers, and the problems of all calls."""
    components = {"Problem": PROBLEM} | tasks.COMPONENTS | learning_paths.COMPONENTS
    schemas = result["components"].setdefault("schemas", {})
    schemas.update(components)
    _close(schemas["NewTask"], schemas["TaskChange"])
    # Which parameters a task takes is a matter of its kind, and there is one for everybody.
    schemas["NewTask"]["required"] = ["kind", "params"]
    schemas["NewTask"]["properties"] |= {
        "kind": {"enum": kinds(), "description": "Which work it is."},
        "params": {"$ref": "#/components/schemas/LearningPathParameters"},
    }
    _link(result["paths"])
    for path, operations in result["paths"].items():
        for method, operation in operations.items():
            for status, refusal in _refusals(path, method, operation).items():
                _add_problem(operation["responses"], status, refusal)
            _complete_problems(operation["responses"])
            for response in operation["responses"].values():
                response["headers"] = response.get("headers", {}) | _REQUEST_ID
    return result


def _close(*schemas: dict[str, Any]) -> None:
    for schema in schemas:
        schema["additionalProperties"] = False


def _link(paths: dict[str, Any]) -> None:
    """Say where the id of a new task is of use."""
    follow_ups = [
        operation["operationId"]
        for path, operations in paths.items()
        if path.startswith(("/tasks/{id}", "/status/{id}"))
        for operation in operations.values()
    ]
    for path, status, place in _GIVES_A_TASK:
        paths[path]["post"]["responses"][status]["links"] = {
            name: {"operationId": name, "parameters": {"id": f"$response.body#{place}"}}
            for name in follow_ups
        }


def _refusals(path: str, method: str, operation: dict[str, Any]) -> dict[int, _Refusal]:
    """What may be refused in this operation, beside what it says itself."""
    found = dict(_EVERYWHERE) if any(operation.get("security", ())) else {}
    if method == "get":
        found.pop(403, None)
    if "{" in path:
        found[404] = _NOT_THERE
    elif "cursor" in {one["name"] for one in operation.get("parameters", ())}:
        found[404] = _NO_PAGE
    if "requestBody" in operation:
        found |= _OF_A_BODY
    return found


def _add_problem(responses: dict[str, Any], status: int, refusal: _Refusal) -> None:
    example = {"value": {"code": refusal.code, "detail": refusal.detail}}
    response = responses.setdefault(
        str(status),
        {
            "description": refusal.description,
            "content": {"": {"examples": {refusal.code: example}}},
        },
    )
    if refusal.headers:
        response["headers"] = response.get("headers", {}) | refusal.headers


def _complete_problems(responses: dict[str, Any]) -> None:
    """Give each its content type and schema, and its examples the whole body."""
    for name, response in responses.items():
        if int(name) < 400:
            continue
        (content,) = response["content"].values()
        for example in content.get("examples", {}).values():
            example["value"] = errors.problem(int(name), **example["value"])
        content["schema"] = {"$ref": "#/components/schemas/Problem"}
        response["content"] = {errors.ProblemRenderer.media_type: content}
