"""Learning paths over HTTP: the old server's calls, and the finished paths as a resource."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Literal
from uuid import UUID

from django.http import Http404, HttpResponse, HttpResponseBase
from django.utils.cache import get_conditional_response
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from rest_framework import viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import ParseError
from rest_framework.permissions import IsAdminUser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from learning_paths import library
from learning_paths.api.documentation import (
    documented_clearing,
    documented_generation,
    documented_paths,
    documented_stats,
)
from learning_paths.api.serializers import ClearSerializer, LearningPathSerializer, PageSerializer
from learning_paths.export.files import exported, file_name
from learning_paths.export.page import content_security_policy
from learning_paths.handlers import KIND
from learning_paths.models import LearningPath, LearningPathQuerySet
from learning_paths.request import PathRequest
from learning_paths.schema import LearningPathDocument
from tasks import lifecycle, live
from tasks.api.headers import idempotency_key
from tasks.api.pagination import NewestFirst
from tasks.api.responses import json_response, text_response
from tasks.api.serializers import checked
from tasks.body import Body
from tasks.exceptions import StillRunning, TaskFailed
from tasks.models import TaskInfo, TaskStatus
from tasks.owners import Owner, owner_of

#: Below what proxies and clients wait for an answer.
WAIT_SECONDS = 25


@documented_generation
class GenerateViewSet(viewsets.ViewSet):
    """The old server's calls. Their words are the contract's and the same in every language."""

    def create(self, request: Request) -> Response:
        task = lifecycle.submit(
            KIND,
            parameters_of(request),
            owner=owner_of(request),
            idempotency_key=idempotency_key(request),
        )
        message = "Task created successfully"
        if task.status == TaskStatus.COMPLETED:
            message += "; this learning path was made before, so it is completed already"
        return Response({"task_id": str(task.pk), "status": "accepted", "message": message})

    @action(detail=False)
    def wait(self, request: Request) -> HttpResponseBase:
        """The path itself. Who comes back for one that was not ready joins the same task."""
        task = task_for(parameters_of(request), owner_of(request))
        ended = live.live().first_body(task.pk, lambda body: body.is_final, within=WAIT_SECONDS)
        return json_response(request, _result_of(ended, task.pk).encode())


def _result_of(body: Body | None, task_id: UUID) -> str:
    """The result of an ended task. Raises TaskFailed and StillRunning."""
    if body is None or body.status == TaskStatus.CANCELED:
        raise TaskFailed(_("The task was canceled."))
    if body.status == TaskStatus.FAILED:
        raise TaskFailed(body.fields["error"])
    if body.result is None:
        raise StillRunning(task_id, _("The path is not ready yet. Ask again, or follow the task."))
    return body.result


def task_for(parameters: Mapping[str, Any], owner: Owner) -> TaskInfo:
    """The owner's task that is at the same request already, or a new one."""
    params = PathRequest.from_params(parameters).to_params()
    active = TaskInfo.objects.of_owner(owner.key).active()
    same = active.filter(kind=KIND, params=params).first()
    return same or lifecycle.submit(KIND, parameters, owner=owner)


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


@documented_paths
class LearningPathViewSet(viewsets.GenericViewSet[LearningPath]):
    """
    The finished paths.

    The list has those the caller has asked for, for staff all. By its id, which cannot be
    guessed, anybody can read one: so a path can be shared.
    """

    pagination_class = NewestFirst
    paginator: NewestFirst
    serializer_class = LearningPathSerializer

    def get_queryset(self) -> LearningPathQuerySet:
        if self.request.user.is_staff:
            return LearningPath.objects.all()
        owned = TaskInfo.objects.of_owner(owner_of(self.request).key)
        done = owned.filter(kind=KIND, status=TaskStatus.COMPLETED)
        return LearningPath.objects.filter(request__in=done.values("params"))

    def list(self, request: Request) -> Response:
        checked(PageSerializer, request.query_params.dict())
        page = self.paginate_queryset(self.get_queryset().with_summary().defer("document"))
        response = Response(self.get_serializer(page, many=True).data)
        if links := self.paginator.links():
            response["Link"] = links
        return response

    def retrieve(self, request: Request, pk: str) -> HttpResponseBase:
        content = _document(pk).encode()
        return _conditional(request, json_response(request, content), content)

    @action(detail=True)
    def markdown(self, request: Request, pk: str) -> HttpResponseBase:
        """The path to keep and edit; browsers save it."""
        document = json.loads(_document(pk))
        name = file_name(document["topic"], document["language"], "md")
        disposition = {"Content-Disposition": content_disposition_header(True, name) or ""}
        return _exported(request, document, "md", disposition)

    @action(detail=True)
    def page(self, request: Request, pk: str) -> HttpResponseBase:
        """The path to read and print; browsers show it."""
        policy = {"Content-Security-Policy": content_security_policy()}
        return _exported(request, json.loads(_document(pk)), "html", policy)


def _exported(
    request: Request,
    document: LearningPathDocument,
    kind: Literal["md", "html"],
    headers: Mapping[str, str],
) -> HttpResponseBase:
    content = exported(document, kind).encode()
    subtype = {"md": "markdown", "html": "html"}[kind]
    response = text_response(request, content, f"text/{subtype}; charset=utf-8")
    for name, value in {**headers, "Content-Language": document["language"]}.items():
        response[name] = value
    return _conditional(request, response, content)


def _conditional(request: Request, response: HttpResponse, content: bytes) -> HttpResponseBase:
    """The response with its ETag, or 304 if the caller has it; `content` is not compressed."""
    response["ETag"] = f'W/"{hashlib.blake2b(content, digest_size=12).hexdigest()}"'
    response["Cache-Control"] = "private, no-cache"
    conditional = get_conditional_response(request, etag=response["ETag"], response=response)
    return conditional or response


def _document(path_id: str) -> str:
    """The document as the text the database has. Raises Http404."""
    try:
        found = LearningPath.objects.filter(pk=UUID(path_id)).as_text().first()
    except ValueError:
        found = None
    if found is None:
        hint = _("There is no learning path %(id)s. It may have expired; it can be made again.")
        raise Http404(hint % {"id": path_id[:100]})
    return found


class CacheStatsView(APIView):
    """How much is kept of what was made, and how often it was of use."""

    @documented_stats
    def get(self, request: Request) -> Response:
        return Response({"status": "success", "stats": library.stats()})


class ClearCacheView(APIView):
    """Have paths made anew at their next request; those whose topic is like `pattern`."""

    permission_classes = (IsAdminUser,)

    @documented_clearing
    def post(self, request: Request) -> Response:
        pattern = checked(ClearSerializer, parameters_of(request))["pattern"]
        count = library.forget_topics(pattern)
        return Response(
            {
                "status": "success",
                "message": f"Cleared {count} items from cache",
                "pattern": pattern,
                "count": count,
                # The old server kept topics' domains apart; here everything is in the one place.
                "domain_cache_cleared": pattern == "*",
            }
        )
