"""The OpenAPI 3.1 description at /schema, and the page at /docs that shows it without a network."""

from __future__ import annotations

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.views import SpectacularJSONAPIView, SpectacularSwaggerSplitView

from learning_paths.api import documentation as learning_paths
from tasks.api import documentation as tasks

PROBLEM: dict[str, Any] = {
    "type": "object",
    "description": "RFC 9457.",
    "required": ["type", "title", "status", "code", "detail"],
    "properties": {
        "type": {"const": "about:blank"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string", "description": "Stable, for programs."},
        "detail": {"type": "string", "description": "A sentence for people."},
        "errors": {
            "type": "array",
            "description": "What is wrong with which parameter.",
            "items": {
                "type": "object",
                "required": ["field", "message"],
                "properties": {"field": {"type": "string"}, "message": {"type": "string"}},
            },
        },
        "task": {"$ref": "#/components/schemas/Task"},
    },
}
_RETRY_AFTER = {
    "Retry-After": {"description": "Seconds until a new try.", "schema": {"type": "integer"}}
}
#: What may happen to any request.
_EVERYWHERE = {
    400: ("Something is wrong with the request; `errors` says with which parameter.", {}),
    401: ("The token is none, or has been revoked; or one is needed.", {}),
    429: ("Faster than one may ask, or more than one may have.", _RETRY_AFTER),
    503: ("The server cannot answer now. Nothing is lost.", _RETRY_AFTER),
}
_NOT_THERE = "There is none of this id, or it is somebody else's."
_WRONG_BODY = "The body is in none of the content types above."


class SchemaView(SpectacularJSONAPIView):
    throttle_classes = ()


class DocsView(SpectacularSwaggerSplitView):
    throttle_classes = ()
    url_name = "schema"


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "reune.authentication.BearerAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        return {"type": "http", "scheme": "bearer"}


class SessionScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "reune.authentication.RememberedSessionAuthentication"
    name = "session"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        return {"type": "apiKey", "in": "cookie", "name": "sessionid"}


def complete(result: dict[str, Any], **given: Any) -> dict[str, Any]:
    """Add the components that are no serializers, the problems of all calls, and /health."""
    components = {"Problem": PROBLEM} | tasks.COMPONENTS | learning_paths.COMPONENTS
    result["components"].setdefault("schemas", {}).update(components)
    for path, operations in result["paths"].items():
        for operation in operations.values():
            _add_problems(operation["responses"], path, operation)
    result["paths"]["/health"] = {"get": _HEALTH}
    return result


def _add_problems(responses: dict[str, Any], path: str, operation: dict[str, Any]) -> None:
    for status, (description, headers) in _EVERYWHERE.items():
        responses.setdefault(str(status), _problem(description) | {"headers": headers})
    if "{" in path or "cursor" in {one["name"] for one in operation.get("parameters", ())}:
        responses.setdefault("404", _problem(_NOT_THERE))
    if "requestBody" in operation:
        responses.setdefault("415", _problem(_WRONG_BODY))
    for name, response in responses.items():
        if int(name) >= 400:
            schema = {"schema": {"$ref": "#/components/schemas/Problem"}}
            response["content"] = {"application/problem+json": schema}


def _problem(description: str) -> dict[str, Any]:
    return {"description": description}


_HEALTH = {
    "operationId": "health",
    "summary": "Whether the server answers",
    "tags": ["health"],
    "security": [{}],
    "responses": {
        "200": {
            "description": "It does.",
            "content": {
                "application/json": {
                    "schema": {
                        "type": "object",
                        "required": ["status"],
                        "properties": {"status": {"const": "ok"}},
                    }
                }
            },
        }
    },
}
