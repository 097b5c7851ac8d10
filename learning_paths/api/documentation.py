"""What the OpenAPI description says of learning paths."""

from __future__ import annotations

import json
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import (
    OpenApiExample,
    OpenApiParameter,
    OpenApiResponse,
    extend_schema,
    extend_schema_view,
)

from learning_paths.api.serializers import LearningPathSerializer, PageSerializer
from learning_paths.catalogue.topic import LANGUAGES
from learning_paths.request import (
    BOUNDS,
    CATEGORY_LENGTH,
    DEFAULT_LANGUAGE,
    HOURS_PER_WEEK,
    SIMILARITY,
    TOPIC_LENGTH,
)
from learning_paths.schema import JSON_SCHEMA, LEVELS
from tasks.api.documentation import (
    IDEMPOTENCY_KEY,
    IF_NONE_MATCH,
    KEY_REUSED,
    LINK,
    NOT_MODIFIED,
    answer,
    header,
    path_id,
    refused,
)

_PATH = {"$ref": "#/components/schemas/LearningPath"}

DESCRIPTIONS = {
    "num_nodes": "How many lessons the path has, exactly.",
    "max_resources": "At most so many in the whole path.",
    "min_width": "Lessons on level 1, at least.",
    "max_width": "Lessons on any level, at most.",
    "min_height": "Levels below the root, at least.",
    "max_height": "Levels below the root, at most.",
}
#: The parameters of a path as JSON Schema.
PARAMETERS: dict[str, Any] = {
    "topic": {
        "type": "string",
        "minLength": TOPIC_LENGTH[0],
        "maxLength": TOPIC_LENGTH[1],
        "description": "What the path is about.",
    },
    "language": {
        "type": "string",
        "enum": list(LANGUAGES),
        "default": DEFAULT_LANGUAGE,
        "description": "Of everything in the path.",
    },
    **{
        name: {
            "type": "integer",
            "minimum": bound.lowest,
            "maximum": bound.highest,
            "default": bound.default,
            "description": DESCRIPTIONS[name],
        }
        for name, bound in BOUNDS.items()
    },
    "similarity_threshold": {
        "type": "number",
        "minimum": SIMILARITY[0],
        "maximum": SIMILARITY[1],
        "default": SIMILARITY[2],
        "description": "How near a resource must be to its lesson (cosine).",
    },
    "category": {
        "type": "string",
        "maxLength": CATEGORY_LENGTH,
        "description": "The topic's own if left out.",
    },
    "level": {
        "type": "string",
        "enum": list(LEVELS.values()),
        "description": "The learner's. Beginners get the foundations; advanced learners get none"
        " of the basics that they know, and what these are stands in `diagnostics`. It changes"
        " pages, questions and exercises as well. For anybody if left out.",
    },
    "hours_per_week": {
        "type": "integer",
        "minimum": HOURS_PER_WEEK[0],
        "maximum": HOURS_PER_WEEK[1],
        "description": "Adds `weekPlan`: which steps to take in which week.",
    },
}


def _or_null(name: str) -> dict[str, Any]:
    """The parameter in JSON, where null is as good as nothing."""
    schema: dict[str, Any] = PARAMETERS[name]
    if name == "topic":
        return schema
    return {
        **schema,
        "type": [schema["type"], "null"],
        **({"enum": [*schema["enum"], None]} if "enum" in schema else {}),
    }


_FORM = {"type": "object", "additionalProperties": False, "properties": PARAMETERS}
_JSON = _FORM | {"properties": {name: _or_null(name) for name in PARAMETERS}}


def _components() -> dict[str, Any]:
    """The document's schema with its definitions as components: `#/$defs/node` is no place here."""
    text = json.dumps(JSON_SCHEMA)
    for name in JSON_SCHEMA["$defs"]:
        text = text.replace(f'"#/$defs/{name}"', f'"#/components/schemas/{_component(name)}"')
    document = json.loads(text)
    del document["$schema"]
    parts = document.pop("$defs")
    return {
        "LearningPath": document,
        "LearningPathParameters": _JSON | {"required": ["topic"]},
        **{_component(name): parts[name] for name in parts},
    }


def _component(name: str) -> str:
    return "LearningPath" + name[0].upper() + name[1:]


COMPONENTS = _components()


def _query(name: str) -> dict[str, Any]:
    """The parameter in the query string."""
    schema = dict(PARAMETERS[name])
    return {
        "name": name,
        "location": OpenApiParameter.QUERY,
        "description": schema.pop("description"),
        "type": schema,
    }


_ACCEPTED = {
    "type": "object",
    "required": ["task_id", "status", "message"],
    "additionalProperties": False,
    "properties": {
        "task_id": {"type": "string", "format": "uuid"},
        "status": {"const": "accepted"},
        "message": {"type": "string"},
    },
}
_EXAMPLE = {
    "task_id": "550e8400-e29b-41d4-a716-446655440000",
    "status": "accepted",
    "message": "Task created successfully",
}

documented_generation = extend_schema_view(
    create=extend_schema(
        summary="Have a learning path made",
        description="Parameters come in the query string, a form or a JSON object; `topic` is"
        " required. A tree that cannot exist is refused, with the nearest that can.",
        parameters=[*(OpenApiParameter(**_query(name)) for name in PARAMETERS), IDEMPOTENCY_KEY],
        request={
            "application/json": _JSON,
            "application/x-www-form-urlencoded": _FORM,
            "multipart/form-data": _FORM,
        },
        responses={
            200: answer("Accepted.", _ACCEPTED, OpenApiExample("accepted", _EXAMPLE)),
            422: KEY_REUSED,
        },
    ),
    wait=extend_schema(
        summary="A learning path, in the answer",
        description="Waits up to 25 seconds. Then it is 503, with the task in the member `task`:"
        " ask again, which joins the same task, or follow it.",
        parameters=[
            OpenApiParameter(**_query("topic"), required=True),
            *(OpenApiParameter(**_query(name)) for name in PARAMETERS if name != "topic"),
            header("Location", "The task's address, when it is not done yet.", on=(503,)),
        ],
        responses={
            200: answer("The path.", _PATH),
            422: refused("It could not be made.", "task_failed", "The task was canceled."),
            503: refused(
                "It is not done yet, or the server cannot answer now.",
                "still_running",
                "The path is not ready yet. Ask again, or follow the task.",
            ),
        },
    ),
)
_READABLE = "Anybody who has the path's id may read it."
_OF_AN_EXPORT = (
    path_id("The path's, as the list of paths has it."),
    IF_NONE_MATCH,
    header("ETag", "Names this text.", on=(200, 304)),
)


def _text(description: str, example: str) -> OpenApiResponse:
    return answer(description, {"type": "string"}, OpenApiExample("the beginning", example))


documented_paths = extend_schema_view(
    list=extend_schema(
        summary="The finished paths you have asked for, newest first",
        parameters=[PageSerializer, LINK],
        responses={200: answer("A bare list.", LearningPathSerializer(many=True))},
    ),
    retrieve=extend_schema(
        summary="A finished path",
        description="Anybody who has its id may read it.",
        parameters=[
            path_id("The path's, as the list of paths has it."),
            IF_NONE_MATCH,
            header("ETag", "Names this document.", on=(200, 304)),
        ],
        responses={200: answer("The path.", _PATH), 304: NOT_MODIFIED},
    ),
    markdown=extend_schema(
        operation_id="learning_paths_markdown",
        summary="A finished path as Markdown",
        description="To keep and edit, in the path's language: lessons in the order of learning,"
        " exercises, quizzes, the answers at the end, credits. " + _READABLE,
        parameters=[
            *_OF_AN_EXPORT,
            header("Content-Disposition", "A name for the file.", on=(200,)),
        ],
        responses={
            (200, "text/markdown"): _text(
                "Markdown.", "# Learning path: Python\n\nProgramming …\n"
            ),
            304: NOT_MODIFIED,
        },
    ),
    page=extend_schema(
        operation_id="learning_paths_page",
        summary="A finished path as a page to print",
        description="One page that loads nothing and runs nothing. " + _READABLE,
        parameters=[
            *_OF_AN_EXPORT,
            header("Content-Security-Policy", "Allows the page its own style only.", on=(200,)),
        ],
        responses={
            (200, "text/html"): _text("The page.", '<!DOCTYPE html>\n<html lang="en">…</html>\n'),
            304: NOT_MODIFIED,
        },
    ),
)
documented_stats = extend_schema(
    summary="How much is kept, and how often it was of use",
    responses={
        200: answer(
            "Numbers.",
            {
                "type": "object",
                "required": ["status", "stats"],
                "properties": {
                    "status": {"const": "success"},
                    "stats": {
                        "type": "object",
                        "required": ["paths", "hits", "size_bytes"],
                        "properties": {
                            "paths": {"type": "integer"},
                            "hits": {"type": "integer"},
                            "size_bytes": {"type": "integer"},
                        },
                    },
                },
            },
        )
    },
)
documented_clearing = extend_schema(
    summary="Have paths made anew at their next request (staff)",
    parameters=[
        OpenApiParameter(
            "pattern",
            OpenApiTypes.STR,
            description="Which topics, where * stands for anything; all if left out.",
        )
    ],
    request=None,
    responses={
        200: answer(
            "How many.",
            {
                "type": "object",
                "required": ["status", "message", "pattern", "count", "domain_cache_cleared"],
                "properties": {
                    "status": {"const": "success"},
                    "message": {"type": "string"},
                    "pattern": {"type": "string"},
                    "count": {"type": "integer"},
                    "domain_cache_cleared": {"type": "boolean"},
                },
            },
        ),
        403: refused(
            "Only staff may.",
            "permission_denied",
            "You do not have permission to perform this action.",
        ),
    },
)
