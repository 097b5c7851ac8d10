"""What callers send, checked. What they get is `tasks.body`."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from tasks.api.pagination import CURSOR
from tasks.lifecycle import DEFAULT_PRIORITY
from tasks.models import TaskStatus
from tasks.registry import kinds

#: The longest wait for a change; proxies cut connections after 30 s and more.
LONGEST_WAIT_SECONDS = 25
HIGHEST_PRIORITY = 9
#: A body of thousands of unknown names gets no answer of thousands.
UNKNOWN_NAMED = 10


class StrictSerializer(serializers.Serializer[Any]):
    """Refuses what it does not know: a misspelt name would otherwise do nothing, silently."""

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if unknown := sorted(self.initial_data.keys() - self.fields.keys())[:UNKNOWN_NAMED]:
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

    limit = serializers.IntegerField(
        min_value=1, max_value=100, required=False, help_text="How many on a page; 50 if left out."
    )
    cursor = serializers.RegexField(
        CURSOR, required=False, help_text="Which page; comes from the `Link` of another."
    )
    status = serializers.ChoiceField(
        choices=TaskStatus.choices, required=False, help_text="Only tasks in this state."
    )
    kind = serializers.ChoiceField(choices=[], required=False)

    def get_fields(self) -> dict[str, Any]:
        fields = super().get_fields()
        fields["kind"] = serializers.ChoiceField(
            choices=kinds(), required=False, help_text="Only tasks of this kind."
        )
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

    after = serializers.IntegerField(
        min_value=0, default=0, help_text="The `seq` of the last one that is known."
    )
    limit = serializers.IntegerField(
        min_value=1, max_value=1000, default=100, help_text="How many on a page."
    )


@extend_schema_serializer(component_name="NewTask")
class SubmitSerializer(StrictSerializer):
    """A new task."""

    kind = serializers.CharField(max_length=100)
    params = serializers.DictField(default=dict)
    priority = serializers.IntegerField(
        min_value=0,
        max_value=HIGHEST_PRIORITY,
        default=DEFAULT_PRIORITY,
        help_text="The highest goes first.",
    )


@extend_schema_serializer(component_name="TaskChange")
class ChangeSerializer(StrictSerializer):
    """What may be changed of a task."""

    priority = serializers.IntegerField(
        min_value=0, max_value=HIGHEST_PRIORITY, help_text="The highest goes first."
    )
