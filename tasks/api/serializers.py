"""The task as JSON, in the contract's words and types."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers

from tasks.models import TaskInfo, TaskMessage, TaskStatus
from tasks.registry import kinds


class EpochField(serializers.Field[datetime, datetime, float, Any]):
    """Seconds since 1970, always with a decimal point: clients in Dart read a double."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(read_only=True, **kwargs)

    def to_representation(self, value: datetime) -> float:
        return value.timestamp()


class TaskMessageSerializer(serializers.ModelSerializer[TaskMessage]):
    time = EpochField()

    class Meta:
        model = TaskMessage
        fields = ("seq", "time", "level", "message")


class TaskListSerializer(serializers.ModelSerializer[TaskInfo]):
    """A task in a list: without its result, and `error` only when there is one."""

    created_at = EpochField()
    updated_at = EpochField()
    completed_at = EpochField()
    retry_at = EpochField()
    cancel_requested_at = EpochField()
    messages = TaskMessageSerializer(many=True, read_only=True)

    class Meta:
        model = TaskInfo
        fields = (
            "id",
            "kind",
            "description",
            "status",
            "progress",
            "attempt",
            "retry_at",
            "cancel_requested_at",
            "cancel_reason",
            "created_at",
            "updated_at",
            "completed_at",
            "messages",
            "error",
        )

    def to_representation(self, instance: TaskInfo) -> dict[str, Any]:
        body: dict[str, Any] = super().to_representation(instance)
        for name in ("error", "cancel_reason"):
            if not body[name]:
                del body[name]
        return body


class TaskSerializer(TaskListSerializer):
    """A task with its result, when there is one."""

    def to_representation(self, instance: TaskInfo) -> dict[str, Any]:
        body = super().to_representation(instance)
        if instance.result is not None:
            body["result"] = instance.result
        return body


class TaskFilterSerializer(serializers.Serializer[Any]):
    """The query parameters of the list."""

    limit = serializers.IntegerField(min_value=1, max_value=100, required=False)
    cursor = serializers.CharField(required=False)
    status = serializers.ChoiceField(choices=TaskStatus.choices, required=False)
    kind = serializers.ChoiceField(choices=[], required=False)

    def get_fields(self) -> dict[str, Any]:
        fields = super().get_fields()
        fields["kind"] = serializers.ChoiceField(choices=kinds(), required=False)
        return fields

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if unknown := sorted(self.initial_data.keys() - self.fields.keys()):
            known = _("Unknown parameter. The parameters are %(known)s.")
            message = known % {"known": ", ".join(self.fields)}
            raise serializers.ValidationError(dict.fromkeys(unknown, message))
        return attrs
