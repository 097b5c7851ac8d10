"""The list of finished paths."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from learning_paths.models import LearningPath
from tasks.api.fields import EpochField
from tasks.api.pagination import CURSOR
from tasks.api.serializers import StrictSerializer


class PageSerializer(StrictSerializer):
    """The query parameters of the list."""

    limit = serializers.IntegerField(
        min_value=1, max_value=100, required=False, help_text="How many on a page; 50 if left out."
    )
    cursor = serializers.RegexField(
        CURSOR, required=False, help_text="Which page; comes from the `Link` of another."
    )


class ClearSerializer(StrictSerializer):
    """Which paths to forget."""

    pattern = serializers.CharField(
        default="*", max_length=200, allow_blank=True, trim_whitespace=False
    )


@extend_schema_serializer(component_name="LearningPathSummary")
class LearningPathSerializer(serializers.ModelSerializer[LearningPath]):
    """A path in the list: what it is about, without the document."""

    title = serializers.CharField(read_only=True)
    nodes = serializers.IntegerField(read_only=True, source="request.num_nodes")
    created_at = EpochField()
    url = serializers.HyperlinkedIdentityField(view_name="learning-path", read_only=True)

    class Meta:
        model = LearningPath
        fields = ("id", "topic", "title", "language", "nodes", "created_at", "url")
