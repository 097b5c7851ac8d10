"""Learning paths over HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rest_framework import viewsets
from rest_framework.exceptions import ParseError
from rest_framework.request import Request
from rest_framework.response import Response

from learning_paths.handlers import KIND
from tasks import lifecycle
from tasks.models import TaskStatus
from tasks.owners import owner_of


class GenerateViewSet(viewsets.ViewSet):
    """The old server's call. Its words are the contract's and the same in every language."""

    def create(self, request: Request) -> Response:
        task = lifecycle.submit(
            KIND,
            parameters_of(request),
            owner=owner_of(request),
            idempotency_key=request.headers.get("Idempotency-Key", "")[:200] or None,
        )
        message = "Task created successfully"
        if task.status == TaskStatus.COMPLETED:
            message += "; this learning path was made before, so it is completed already"
        return Response({"task_id": str(task.pk), "status": "accepted", "message": message})


def parameters_of(request: Request) -> dict[str, Any]:
    """
    Parameters from the query string, a form or a JSON object, the query string first.

    An empty body is fine whatever its content type says. Raises ParseError.
    """
    body = request.data
    if not isinstance(body, Mapping):
        raise ParseError('The body must be a JSON object, such as {"topic": "python"}.')
    # A form is a QueryDict, whose items are each name's last value, as in its dict().
    return dict(body.items()) | dict(request.query_params.items())
