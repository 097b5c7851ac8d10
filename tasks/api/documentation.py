"""
What the OpenAPI description says of tasks.

The bodies are rendered by PostgreSQL and not by serializers, so their schemas stand here; tests
hold what is sent against them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import (
    OpenApiExample,
    OpenApiParameter,
    OpenApiResponse,
    extend_schema,
    extend_schema_view,
)

from tasks.api.events import STATUS_FIELDS
from tasks.api.headers import LONGEST_KEY
from tasks.api.serializers import (
    LONGEST_WAIT_SECONDS,
    ChangeSerializer,
    MessageFilterSerializer,
    SubmitSerializer,
    TaskFilterSerializer,
    WaitSerializer,
)
from tasks.models import TaskMessage, TaskStatus

EPOCH = {"type": "number", "format": "double", "description": "Seconds since 1970."}
EPOCH_OR_NULL = EPOCH | {"type": ["number", "null"]}

TASK_MESSAGE: dict[str, Any] = {
    "type": "object",
    "required": ["seq", "time", "level", "message"],
    "additionalProperties": False,
    "properties": {
        "seq": {"type": "integer", "minimum": 1, "description": "1, 2, 3 … without gaps."},
        "time": EPOCH,
        "level": {"enum": TaskMessage.Level.values},
        "message": {"type": "string", "description": "For people, in the task's language."},
    },
}
TASK: dict[str, Any] = {
    "type": "object",
    "required": [
        *("id", "kind", "description", "status", "progress", "priority", "queue_position"),
        *("attempt", "retry_at", "cancel_requested", "created_at", "updated_at", "completed_at"),
        "messages",
    ],
    "additionalProperties": False,
    "properties": {
        "id": {"type": "string", "format": "uuid"},
        "kind": {"type": "string"},
        "description": {"type": "string"},
        "status": {
            "enum": TaskStatus.values,
            "description": "Stop polling at completed, failed and canceled.",
        },
        "progress": {
            "type": "integer",
            "minimum": 0,
            "maximum": 100,
            "description": "Never falls.",
        },
        "priority": {"type": "integer", "minimum": 0, "maximum": 9, "description": "9 first."},
        "queue_position": {
            "type": ["integer", "null"],
            "minimum": 1,
            "maximum": 1000,
            "description": (
                "Place in line of a pending task, counted up to 1000. Null for one that waits for"
                " another task of its owner, or for its next attempt."
            ),
        },
        "attempt": {"type": "integer", "minimum": 0, "description": "1 on the first run."},
        "retry_at": EPOCH_OR_NULL
        | {"description": "When the next attempt may begin, after one that failed."},
        "cancel_requested": {"type": "boolean"},
        "cancel_reason": {"type": "string", "description": "Only if there is one."},
        "created_at": EPOCH,
        "updated_at": EPOCH,
        "completed_at": EPOCH_OR_NULL | {"description": "The end of any kind."},
        "messages": {"type": "array", "items": {"$ref": "#/components/schemas/TaskMessage"}},
        "error": {"type": "string", "description": "Why the task failed; only then."},
        "result": {
            "type": "object",
            "description": "Only when completed, and not in lists. Of a learning_path task it is"
            " a LearningPath.",
        },
    },
}
EVENT: dict[str, Any] = {
    "type": "object",
    "description": "One event of the stream.",
    "required": ["event", "id", "data"],
    "properties": {
        "event": {"enum": ["message", "progress", "status"]},
        "id": {"type": "string", "description": "For Last-Event-ID."},
        "data": {
            "type": "string",
            "contentMediaType": "application/json",
            "contentSchema": {
                "oneOf": [
                    {"$ref": "#/components/schemas/TaskMessage"},
                    {"$ref": "#/components/schemas/TaskProgress"},
                    {"$ref": "#/components/schemas/TaskState"},
                ]
            },
        },
    },
}


def _part_of_task(*names: str, optional: Sequence[str] = ()) -> dict[str, Any]:
    return {
        "type": "object",
        "required": [name for name in names if name not in optional],
        "additionalProperties": False,
        "properties": {name: TASK["properties"][name] for name in names},
    }


COMPONENTS = {
    "Task": TASK,
    "TaskMessage": TASK_MESSAGE,
    "TaskProgress": _part_of_task("progress"),
    "TaskState": _part_of_task(*STATUS_FIELDS, optional=["error"]),
    "TaskEvent": EVENT,
}

_TASK = {"$ref": "#/components/schemas/Task"}
_RUNNING = {
    "id": "550e8400-e29b-41d4-a716-446655440000",
    "kind": "learning_path",
    "description": "Generate MCP for topic: python",
    "status": "running",
    "progress": 40,
    "priority": 5,
    "queue_position": None,
    "attempt": 1,
    "retry_at": None,
    "cancel_requested": False,
    "created_at": 1650123456.789,
    "updated_at": 1650123466.789,
    "completed_at": None,
    "messages": [{"seq": 1, "time": 1650123456.789, "level": "info", "message": "Tarefa iniciada"}],
}


def header(
    name: str, description: str, kind: Any = OpenApiTypes.STR, *, on: tuple[int, ...] = ()
) -> OpenApiParameter:
    """A header of the request, or of the responses with the statuses `on`."""
    return OpenApiParameter(
        name, kind, OpenApiParameter.HEADER, description=description, response=list(on) or False
    )


def answer(description: str, schema: Any = None, *examples: OpenApiExample) -> OpenApiResponse:
    return OpenApiResponse(schema, description, list(examples))


def refused(description: str, code: str, detail: str) -> OpenApiResponse:
    """A problem; `code` and `detail` are the example's."""
    example = OpenApiExample(code, {"code": code, "detail": detail})
    return answer(description, {"$ref": "#/components/schemas/Problem"}, example)


def path_id(description: str) -> OpenApiParameter:
    return OpenApiParameter("id", OpenApiTypes.UUID, OpenApiParameter.PATH, description=description)


IDEMPOTENCY_KEY = header(
    "Idempotency-Key",
    f"Up to {LONGEST_KEY} characters, a UUID for example. The same request sent again with the"
    " same key is the same task; another request with it is refused.",
)
KEY_REUSED = refused(
    "The key came with another request before.",
    "idempotency_key_reused",
    "This Idempotency-Key came with another request before. A new request needs a new key.",
)
_ETAG = header("ETag", "Names this body; send it back in If-None-Match.", on=(200, 202, 304))
_RETRY_AFTER = header(
    "Retry-After",
    "Seconds until another look is worth it, while the task has not ended.",
    OpenApiTypes.INT,
    on=(200, 202, 304),
)
LINK = header("Link", 'Other pages: rel="next", and rel="prev" where there is one.', on=(200,))
IF_NONE_MATCH = header("If-None-Match", "The ETag of the body that the caller has.")
_PREFER = header(
    "Prefer", f"wait=20, as ?wait=20 (RFC 7240); more than {LONGEST_WAIT_SECONDS} counts as that."
)
NOT_MODIFIED = answer("The caller has this very body.")
_APPLIED = header("Preference-Applied", "The wait that Prefer asked for.", on=(200, 304))
_ID = path_id("The task's: the task_id of the answer to a request, the id of a task.")
_ONE = answer("The task.", _TASK, OpenApiExample("running", _RUNNING))
_CONFLICT = refused(
    "The task is in a state that does not allow it; it comes in the member `task`.",
    "transition_refused",
    "This cannot be done: the task is completed.",
)
_TOO_HIGH = refused(
    "The priority is above one's limit.",
    "priority_refused",
    "The highest priority you may ask for is 5.",
)
_EVENTS = """\
Server-sent events (the HTML standard, 9.2): `message` for each line the task says, `progress` and
`status` when they change. The stream ends after the final status. An event's id tells what its
reader has seen: a browser sends the last one when it comes back, and goes on without loss or
repetition; 204 then says that there is nothing more to come. A comment every five seconds shows
that the stream lives. With as many streams open as the server has places for, the answer is 503.
"""

documented = extend_schema_view(
    list=extend_schema(
        summary="Your tasks, newest first, without results",
        parameters=[TaskFilterSerializer, LINK],
        responses={200: answer("A bare list.", _TASK)},
    ),
    create=extend_schema(
        summary="Submit a task",
        request=SubmitSerializer,
        parameters=[
            IDEMPOTENCY_KEY,
            header("Location", "The task's address.", on=(202,)),
            _ETAG,
            _RETRY_AFTER,
        ],
        responses={
            202: answer("Accepted: it is on disk.", _TASK),
            403: _TOO_HIGH,
            422: KEY_REUSED,
        },
        examples=[
            OpenApiExample(
                "a learning path",
                {"kind": "learning_path", "params": {"topic": "python"}, "priority": 5},
                request_only=True,
            )
        ],
    ),
    retrieve=extend_schema(
        summary="A task",
        parameters=[
            *(_ID, WaitSerializer, _PREFER, IF_NONE_MATCH),
            *(_ETAG, _RETRY_AFTER, _APPLIED),
        ],
        responses={200: _ONE, 304: NOT_MODIFIED},
    ),
    partial_update=extend_schema(
        summary="Change the priority of an active task",
        request=ChangeSerializer,
        parameters=[_ID, _ETAG, _RETRY_AFTER],
        responses={
            200: _ONE,
            403: _TOO_HIGH,
            409: _CONFLICT,
        },
    ),
    destroy=extend_schema(
        summary="Delete an ended task",
        parameters=[_ID],
        responses={204: answer("Gone."), 409: _CONFLICT},
    ),
    cancel=extend_schema(
        summary="Cancel a task",
        description="A waiting one at once, a running one within 250 ms. Idempotent.",
        request=None,
        parameters=[_ID, _ETAG, _RETRY_AFTER],
        responses={200: _ONE, 409: _CONFLICT},
    ),
    resume=extend_schema(
        summary="Run a failed or canceled task again",
        description="From its last finished step. Idempotent.",
        request=None,
        parameters=[_ID, _ETAG, _RETRY_AFTER],
        responses={200: _ONE, 409: _CONFLICT},
    ),
    messages=extend_schema(
        summary="What a task has said",
        parameters=[_ID, MessageFilterSerializer, LINK],
        responses={
            200: answer(
                "A bare list, oldest first.",
                {"type": "array", "items": {"$ref": "#/components/schemas/TaskMessage"}},
            )
        },
    ),
    events=extend_schema(
        summary="A task's life as it happens",
        description=_EVENTS,
        parameters=[_ID, header("Last-Event-ID", "The id of the last event that came.")],
        responses={
            (200, "text/event-stream"): answer(
                "The stream.", {"$ref": "#/components/schemas/TaskEvent"}
            ),
            204: answer("The reader has seen the end."),
        },
    ),
)
