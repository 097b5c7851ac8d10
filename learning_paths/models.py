"""Finished learning paths, kept for whoever asks for the same, and what sources answered."""

from __future__ import annotations

import re
import uuid
from datetime import timedelta

from django.contrib.postgres.indexes import HashIndex
from django.db import models
from django.db.models.fields.json import KT
from django.db.models.functions import Cast, Now
from django.utils.translation import gettext_lazy as _


class LearningPathQuerySet(models.QuerySet["LearningPath"]):
    def younger_than(self, age: timedelta) -> LearningPathQuerySet:
        return self.filter(created_at__gt=Now() - age)

    def like(self, pattern: str) -> LearningPathQuerySet:
        """Those whose topic is as `pattern` says, case aside, where * stands for anything."""
        words = ".*".join(re.escape(part) for part in pattern.split("*"))
        return self.filter(topic__iregex=f"^{words}$")

    def with_summary(self) -> LearningPathQuerySet:
        """With the `title` from the document."""
        return self.annotate(title=KT("document__title"))

    def as_text(self) -> models.QuerySet[LearningPath, str]:
        """The documents as the text the database has, never parsed."""
        return self.values_list(Cast("document", models.TextField()), flat=True)


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
    hits = models.PositiveIntegerField(db_default=0, help_text="how often it was reused")

    objects = LearningPathQuerySet.as_manager()

    class Meta:
        verbose_name = _("learning path")
        verbose_name_plural = _("learning paths")
        indexes = [
            models.Index(name="learning_paths_newest", fields=["-created_at", "-id"]),
            # Finds the paths of an owner's tasks, whose params are the same JSON.
            HashIndex(name="learning_paths_request", fields=["request"]),
        ]

    def __str__(self) -> str:
        return f"{self.topic} ({self.language})"


class CachedAnswer(models.Model):
    """
    The table of Django's database cache "sources", so that `migrate` makes it.

    Django's cache backend alone reads and writes it; the columns are those of `createcachetable`.
    """

    cache_key = models.CharField(max_length=255, primary_key=True)
    value = models.TextField()
    expires = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return self.cache_key
