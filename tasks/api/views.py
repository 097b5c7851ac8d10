"""Tasks over HTTP."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404
from django.utils.translation import gettext as _
from rest_framework import mixins, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from tasks import lifecycle
from tasks.api.pagination import NewestFirst
from tasks.api.serializers import TaskFilterSerializer, TaskListSerializer, TaskSerializer
from tasks.models import TaskInfo, TaskInfoQuerySet
from tasks.owners import owner_of


class TaskViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[TaskInfo]
):
    """
    One's own tasks; staff see everybody's.

    A task of an anonymous caller can be read by whoever has its id, which cannot be guessed;
    to list it or change it takes the same caller.
    """

    serializer_class = TaskSerializer
    pagination_class = NewestFirst

    def get_queryset(self) -> TaskInfoQuerySet:
        tasks = TaskInfo.objects.prefetch_related("messages")
        if self.request.user.is_staff:
            return tasks
        owner = owner_of(self.request)
        if self.action == "retrieve":
            return tasks.readable_by(owner.key)
        return tasks.of_owner(owner.key)

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        wanted = TaskFilterSerializer(data=request.query_params.dict())
        wanted.is_valid(raise_exception=True)
        terms = {name: wanted.validated_data.get(name) for name in ("status", "kind")}
        tasks = self.get_queryset().defer("result", "params")
        page = self.paginate_queryset(
            tasks.filter(**{name: term for name, term in terms.items() if term})
        )
        return self.get_paginated_response(TaskListSerializer(page, many=True).data)

    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: str | None = None) -> Response:
        reason = f"{request.user.get_username() or 'anonymous'}, over the API"
        lifecycle.cancel(self.get_object().pk, reason=reason)
        return self.retrieve(request)

    @action(detail=True, methods=["post"])
    def resume(self, request: Request, pk: str | None = None) -> Response:
        lifecycle.resume(self.get_object().pk)
        return self.retrieve(request)

    def get_object(self) -> TaskInfo:
        task_id = self.kwargs["pk"]
        try:
            return self.get_queryset().get(pk=UUID(task_id))
        except ValueError:
            hint = _("“%(id)s” is not a task id. Use the task_id from the answer to your request.")
        except TaskInfo.DoesNotExist:
            hint = _("There is no task %(id)s. It may have been deleted, or is somebody else's.")
        raise Http404(hint % {"id": task_id[:100]})
