"""What callers send, checked. What they get is `tasks.body`."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers

from tasks.lifecycle import DEFAULT_PRIORITY
from tasks.models import TaskStatus
from tasks.registry import kinds

#: The longest wait for a change; proxies cut connections after 30 s and more.
LONGEST_WAIT_SECONDS = 25
HIGHEST_PRIORITY = 9


class StrictSerializer(serializers.Serializer[Any]):
    """Refuses what it does not know: a misspelt name would otherwise do nothing, silently."""

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if unknown := sorted(self.initial_data.keys() - self.fields.keys()):
            known = _("Unknown parameter. The parameters are %(known)s.")
            message = known % {"known": ", ".join(self.fields)}
            raise serializers.ValidationError(dict.fromkeys(unknown, message))
        return attrs


def checked(serializer_class: type[StrictSerializer], data: Any) -> dict[str, Any]:
    """What `data` says, in its types. Raises ValidationError."""
    serializer = serializer_class(data=data)
    serializer.is_valid(raise_exception=True)
    return dict(serializer.validated_data)


class TaskFilterSerializer(StrictSerializer):
    """The query parameters of the list."""

    limit = serializers.IntegerField(min_value=1, max_value=100, required=False)
    cursor = serializers.CharField(required=False)
    status = serializers.ChoiceField(choices=TaskStatus.choices, required=False)
    kind = serializers.ChoiceField(choices=[], required=False)

    def get_fields(self) -> dict[str, Any]:
        fields = super().get_fields()
        fields["kind"] = serializers.ChoiceField(choices=kinds(), required=False)
        return fields


class WaitSerializer(StrictSerializer):
    """The query parameters of one task."""

    wait = serializers.IntegerField(
        min_value=0,
        max_value=LONGEST_WAIT_SECONDS,
        default=None,
        help_text="Seconds to wait for the task to change.",
    )


class MessageFilterSerializer(StrictSerializer):
    """The query parameters of a task's messages."""

    after = serializers.IntegerField(min_value=0, default=0)
    limit = serializers.IntegerField(min_value=1, max_value=1000, default=100)


class SubmitSerializer(StrictSerializer):
    """A new task."""

    kind = serializers.CharField(max_length=100)
    params = serializers.DictField(default=dict)
    priority = serializers.IntegerField(
        min_value=0, max_value=HIGHEST_PRIORITY, default=DEFAULT_PRIORITY
    )


class ChangeSerializer(StrictSerializer):
    """What may be changed of a task."""

    priority = serializers.IntegerField(min_value=0, max_value=HIGHEST_PRIORITY)
