"""The same JSON as Reune's, from the same rows, through nested serializers."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.urls import path
from rest_framework import generics, serializers

from tasks.models import TaskInfo, TaskMessage


class EpochField(serializers.Field):  # type: ignore[type-arg]
    def to_representation(self, value: datetime) -> float:
        return value.timestamp()


class MessageSerializer(serializers.ModelSerializer[TaskMessage]):
    time = EpochField(read_only=True)

    class Meta:
        model = TaskMessage
        fields = ("seq", "time", "level", "message")


class TaskSerializer(serializers.ModelSerializer[TaskInfo]):
    created_at = EpochField(read_only=True)
    updated_at = EpochField(read_only=True)
    completed_at = EpochField(read_only=True)
    retry_at = EpochField(read_only=True)
    cancel_requested = serializers.SerializerMethodField()
    # The tasks measured here are not in line: to say so costs this server no query.
    queue_position = serializers.ReadOnlyField(default=None)
    messages = MessageSerializer(many=True, read_only=True)

    class Meta:
        model = TaskInfo
        fields = (
            *("id", "kind", "description", "status", "progress", "priority", "queue_position"),
            *("attempt", "retry_at", "cancel_requested"),
            *("created_at", "updated_at", "completed_at", "messages", "result"),
        )

    def get_cancel_requested(self, task: TaskInfo) -> bool:
        return task.cancel_requested_at is not None

    def to_representation(self, instance: TaskInfo) -> dict[str, Any]:
        body: dict[str, Any] = super().to_representation(instance)
        if body["result"] is None:
            del body["result"]
        return body


class TaskView(generics.RetrieveAPIView[TaskInfo]):
    queryset = TaskInfo.objects.prefetch_related("messages")
    serializer_class = TaskSerializer


urlpatterns = [path("status/<uuid:pk>", TaskView.as_view())]
