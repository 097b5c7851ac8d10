"""What the tasks of a chaos run leave behind besides their steps."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now


class Effect(models.Model):
    """Step `step` was computed, in one execution (`run`) of an attempt. Rows are never changed."""

    task_id = models.UUIDField(db_index=True)
    step = models.CharField(max_length=20)
    attempt = models.PositiveIntegerField()
    run = models.UUIDField()
    pid = models.PositiveIntegerField()
    at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"{self.task_id} {self.step} in attempt {self.attempt}"


class Mark(models.Model):
    """Something that happened to a task once: it has flaked, or somebody mended what it needs."""

    task_id = models.UUIDField()
    name = models.CharField(max_length=20)

    class Meta:
        constraints = [models.UniqueConstraint(name="chaos_mark_once", fields=["task_id", "name"])]

    def __str__(self) -> str:
        return f"{self.task_id} {self.name}"


class Transition(models.Model):
    """Written by a trigger: a task changed its status, or began an attempt."""

    task_id = models.UUIDField(db_index=True)
    before = models.CharField(max_length=10)
    after = models.CharField(max_length=10)
    attempt = models.PositiveIntegerField()
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.task_id} {self.before} → {self.after} in attempt {self.attempt}"


class Fault(models.Model):
    """Written by a trigger: a change that must never be made."""

    text = models.TextField()

    def __str__(self) -> str:
        return self.text
