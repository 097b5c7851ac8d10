"""The list of finished paths."""

from __future__ import annotations

from rest_framework import serializers

from learning_paths.models import LearningPath
from tasks.api.fields import EpochField
from tasks.api.serializers import StrictSerializer


class PageSerializer(StrictSerializer):
    """The query parameters of the list."""

    limit = serializers.IntegerField(min_value=1, max_value=100, required=False)
    cursor = serializers.CharField(required=False)


class LearningPathSerializer(serializers.ModelSerializer[LearningPath]):
    """A path in the list: what it is about, without the document."""

    title = serializers.CharField(read_only=True)
    nodes = serializers.IntegerField(read_only=True, source="request.num_nodes")
    created_at = EpochField()
    url = serializers.HyperlinkedIdentityField(view_name="learning-path", read_only=True)

    class Meta:
        model = LearningPath
        fields = ("id", "topic", "title", "language", "nodes", "created_at", "url")
