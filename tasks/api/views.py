"""Tasks over HTTP."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from rest_framework import status, viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from tasks import body, lifecycle, live
from tasks.api.documentation import documented
from tasks.api.events import EventStream, Seen, news
from tasks.api.headers import idempotency_key, preferred_wait
from tasks.api.pagination import NewestFirst
from tasks.api.parsers import JSONParser
from tasks.api.responses import json_response, known_etags, task_response
from tasks.api.serializers import (
    ChangeSerializer,
    MessageFilterSerializer,
    SubmitSerializer,
    TaskFilterSerializer,
    WaitSerializer,
    checked,
)
from tasks.body import Body
from tasks.models import USER_PREFIX, TaskInfo, TaskInfoQuerySet
from tasks.owners import owner_of

CHANGES = ("create", "partial_update", "destroy", "cancel", "resume")


@documented
class TaskViewSet(viewsets.GenericViewSet[TaskInfo]):
    """
    One's own tasks; staff see everybody's.

    A task of an anonymous caller can be read by whoever has its id, which cannot be guessed;
    to list it or change it takes the same caller.
    """

    pagination_class = NewestFirst
    paginator: NewestFirst
    serializer_class = SubmitSerializer
    # Forms have neither objects, for the parameters, nor numbers.
    parser_classes = (JSONParser,)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if self.action in CHANGES and request.query_params:
            text = _("This call takes no parameters in the query string.")
            raise ValidationError(dict.fromkeys(request.query_params, text))

    def get_queryset(self) -> TaskInfoQuerySet:
        """The tasks that the caller may list and change."""
        if self.request.user.is_staff:
            return TaskInfo.objects.all()
        return TaskInfo.objects.of_owner(owner_of(self.request).key)

    def list(self, request: Request) -> HttpResponseBase:
        wanted = checked(TaskFilterSerializer, request.query_params.dict())
        terms = {name: wanted[name] for name in ("status", "kind") if name in wanted}
        page = self.paginate_queryset(self.get_queryset().filter(**terms).only("pk", "created_at"))
        bodies = body.read_many([task.pk for task in page or ()])
        response = json_response(request, b"[%s]" % b",".join(one.content for one in bodies))
        if links := self.paginator.links():
            response["Link"] = links
        return response

    def create(self, request: Request) -> HttpResponseBase:
        wanted = checked(SubmitSerializer, request.data)
        task = lifecycle.submit(
            wanted["kind"],
            wanted["params"],
            owner=owner_of(request),
            priority=wanted["priority"],
            idempotency_key=idempotency_key(request),
        )
        response = self._answer(task.pk, status.HTTP_202_ACCEPTED)
        response["Location"] = request.build_absolute_uri(reverse("task", args=[task.pk]))
        return response

    def retrieve(self, request: Request, pk: str) -> HttpResponseBase:
        """The task; with `?wait=` or `Prefer: wait=` as soon as it has changed."""
        query = request.query_params.dict()
        wanted = checked(WaitSerializer, query)["wait"] if query else None
        found = self._readable(pk)
        preferred = preferred_wait(request) if wanted is None else 0
        if seconds := wanted or preferred:
            found = _changed(found, request, seconds)
        response = task_response(request, found)
        if preferred:
            response["Preference-Applied"] = f"wait={preferred}"
        return response

    def partial_update(self, request: Request, pk: str) -> HttpResponseBase:
        wanted = checked(ChangeSerializer, request.data)
        asked_by = owner_of(request).key
        return self._change(
            pk, lambda task_id: lifecycle.set_priority(task_id, **wanted, asked_by=asked_by)
        )

    def destroy(self, request: Request, pk: str) -> HttpResponseBase:
        task_id = self.get_object().pk
        lifecycle.delete(task_id)
        live.forget(task_id)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: str) -> HttpResponseBase:
        reason = f"{request.user.get_username() or 'anonymous'}, over the API"
        return self._change(pk, lambda task_id: lifecycle.cancel(task_id, reason=reason))

    @action(detail=True, methods=["post"])
    def resume(self, request: Request, pk: str) -> HttpResponseBase:
        return self._change(pk, lifecycle.resume)

    @action(detail=True)
    def messages(self, request: Request, pk: str) -> HttpResponseBase:
        wanted = checked(MessageFilterSerializer, request.query_params.dict())
        said = self._readable(pk).fields["messages"]
        later = [message for message in said if message["seq"] > wanted["after"]]
        page = later[: wanted["limit"]]
        response = Response(page)
        if len(page) < len(later):
            query = f"?after={page[-1]['seq']}&limit={wanted['limit']}"
            response["Link"] = f'<{request.build_absolute_uri(request.path)}{query}>; rel="next"'
        return response

    @action(detail=True)
    def events(self, request: Request, pk: str) -> HttpResponseBase:
        """The task's life as server-sent events, from what `Last-Event-ID` has seen."""
        found = self._readable(pk)
        seen = Seen.from_id(request.headers.get("Last-Event-ID", ""))
        if found.is_final and not any(news(found, seen)):
            return Response(status=status.HTTP_204_NO_CONTENT)  # has a browser not come back
        stream: Iterable[bytes] = ()
        if request.method != "HEAD":
            stream = EventStream(found.task_id, seen, live.live())
        response = StreamingHttpResponse(stream, content_type="text/event-stream")
        # No proxy may collect the events: nginx is told by the second one.
        response["Cache-Control"] = "no-cache, no-transform"
        response["X-Accel-Buffering"] = "no"
        return response

    def get_object(self) -> TaskInfo:
        """The task, if the caller may change it."""
        task_id = self.kwargs["pk"]
        task = self.get_queryset().only("pk").filter(pk=_parsed(task_id)).first()
        if task is None:
            raise _not_there(task_id)
        return task

    def _readable(self, task_id: str) -> Body:
        """The task, if the caller may read it."""
        found = live.body_of(_parsed(task_id))
        if found is None or not self._may_read(found):
            raise _not_there(task_id)
        return found

    def _may_read(self, found: Body) -> bool:
        return (
            not found.owner_key.startswith(USER_PREFIX)
            or found.owner_key == owner_of(self.request).key
            or self.request.user.is_staff
        )

    def _change(self, pk: str, verb: Callable[[UUID], None]) -> HttpResponseBase:
        task_id = self.get_object().pk
        verb(task_id)
        live.forget(task_id)
        return self._answer(task_id)

    def _answer(self, task_id: UUID, status: int = 200) -> HttpResponse:
        found = body.read(task_id)
        if found is None:  # deleted in this very moment
            raise _not_there(str(task_id))
        return task_response(self.request, found, status)


def _changed(found: Body, request: Request, seconds: int) -> Body:
    """The task when it is another than what the caller knows, or than it is now."""
    known = known_etags(request) or {found.etag}
    if found.is_final or found.etag not in known:
        return found
    source = live.live()
    later = source.first_body(
        found.task_id, lambda body: body.is_final or body.etag not in known, within=seconds
    )
    if later is None:
        raise _not_there(str(found.task_id))
    return later


def _parsed(task_id: str) -> UUID:
    try:
        return UUID(task_id)
    except ValueError:
        hint = _("“%(id)s” is not a task id. Use the task_id from the answer to your request.")
        raise Http404(hint % {"id": task_id[:100]}) from None


def _not_there(task_id: str) -> Http404:
    hint = _("There is no task %(id)s. It may have been deleted, or is somebody else's.")
    return Http404(hint % {"id": task_id[:100]})
