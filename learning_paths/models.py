"""Finished learning paths, kept for whoever asks for the same."""

from __future__ import annotations

import uuid
from datetime import timedelta

from django.db import models
from django.db.models.functions import Now


class LearningPathQuerySet(models.QuerySet["LearningPath"]):
    def younger_than(self, age: timedelta) -> LearningPathQuerySet:
        return self.filter(created_at__gt=Now() - age)


class LearningPath(models.Model):
    """The document made for one normalized request; a newer one takes the older one's place."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    key = models.CharField(
        max_length=64, unique=True, help_text="SHA-256 of the normalized request"
    )
    topic = models.CharField(max_length=200)
    language = models.CharField(max_length=2)
    request = models.JSONField()
    document = models.JSONField()
    created_at = models.DateTimeField(db_default=Now())

    objects = LearningPathQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.topic} ({self.language})"
