"""Tasks and what they say of themselves. Only `lifecycle` changes a task's status."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import Case, F, Func, Q, When
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django_q.models import OrmQ


class TaskStatus(models.TextChoices):
    """The contract's five words; stored as they are and never renamed."""

    PENDING = "pending"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELED = "canceled"


#: What `owner_key` begins with when somebody signed in owns the task.
USER_PREFIX = "user:"
#: … and when an anonymous caller does.
ANONYMOUS_PREFIX = "ip:"

ACTIVE = (TaskStatus.PENDING, TaskStatus.RUNNING)
FINAL = (TaskStatus.COMPLETED, TaskStatus.FAILED, TaskStatus.CANCELED)

#: The words of a description, as they are in every language. No parameter is in it, so that
#: queries have the very expression of the index.
DESCRIPTION_WORDS = Func(
    F("description"),
    template="to_tsvector('simple', %(expressions)s)",
    output_field=SearchVectorField(),
)


class TaskInfoQuerySet(models.QuerySet["TaskInfo"]):
    def active(self) -> TaskInfoQuerySet:
        """Pending and running. By their lack of an end, as that is what the indexes go by."""
        return self.filter(completed_at__isnull=True)

    def waiting_for_a_slot(self) -> TaskInfoQuerySet:
        """Pending without a queue entry, because their owner has as many running as may be."""
        return self.active().filter(status=TaskStatus.PENDING, entry__isnull=True)

    def ended_as(self, status: TaskStatus) -> TaskInfoQuerySet:
        """Of that final status."""
        return self.filter(ended_as=status, completed_at__isnull=False)

    def of_owner(self, owner_key: str) -> TaskInfoQuerySet:
        return self.filter(owner_key=owner_key)


class TaskInfo(models.Model):
    """
    One request for work, from submission to its end.

    A claim and progress touch nothing that an index holds or has in its condition, the status
    above all, so that PostgreSQL need not add to each index (HOT); what ends a task does.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=100)
    description = models.CharField(max_length=500)
    params = models.JSONField()
    language = models.CharField(max_length=10)
    status = models.CharField(
        max_length=10, choices=TaskStatus.choices, db_default=TaskStatus.PENDING.value
    )
    progress = models.PositiveSmallIntegerField(db_default=0, help_text="0-100, never falls")
    version = models.PositiveIntegerField(
        db_default=1, help_text="one more at each visible change; the ETag"
    )
    message_count = models.PositiveIntegerField(db_default=0, help_text="the last one's seq")
    priority = models.PositiveSmallIntegerField(db_default=5, help_text="0-9, 9 first")
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    owner_key = models.CharField(
        max_length=80, help_text="user:<id>, or ip:<keyed hash> for anonymous callers"
    )
    attempt = models.PositiveSmallIntegerField(db_default=0, help_text="1 on the first run")
    max_attempts = models.PositiveSmallIntegerField(db_default=3)
    # The constraint is made by migration 0001, ON DELETE SET NULL: whoever removes a queue entry
    # (Django-Q, its admin) leaves the task, and Django needs no query to find out.
    entry = models.OneToOneField(
        OrmQ,
        null=True,
        blank=True,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        related_name="task_info",
        help_text="the queue entry of an active task",
    )
    worker = models.UUIDField(
        null=True, blank=True, editable=False, help_text="the process that runs it, or ran it last"
    )
    cancel_requested_at = models.DateTimeField(null=True, blank=True)
    cancel_reason = models.CharField(max_length=200, blank=True, db_default="")
    idempotency_key = models.CharField(max_length=200, null=True, blank=True)  # noqa: DJ001
    body_hash = models.CharField(
        max_length=64, blank=True, db_default="", help_text="what the idempotency key came with"
    )
    request_id = models.CharField(
        max_length=64,
        blank=True,
        db_default="",
        help_text="which request submitted it, in the logs",
    )
    result = models.JSONField(null=True, blank=True)
    error = models.TextField(blank=True, db_default="")
    created_at = models.DateTimeField(db_default=Now())
    queued_at = models.DateTimeField(
        null=True, blank=True, help_text="when it got its slot, and with it its place in line"
    )
    started_at = models.DateTimeField(null=True, blank=True, help_text="of the current attempt")
    updated_at = models.DateTimeField(db_default=Now())
    retry_at = models.DateTimeField(
        null=True, blank=True, help_text="when the next attempt may begin, after one that failed"
    )
    completed_at = models.DateTimeField(null=True, blank=True, help_text="end of any kind")
    ended_as = models.GeneratedField(
        expression=Case(When(completed_at__isnull=False, then=F("status"))),
        output_field=models.CharField(max_length=10),
        db_persist=True,
        help_text="the status if it is final: for an index that a claim leaves alone",
    )

    objects = TaskInfoQuerySet.as_manager()

    class Meta:
        verbose_name = _("task")
        verbose_name_plural = _("tasks")
        constraints = [
            models.CheckConstraint(
                name="tasks_taskinfo_status_known", condition=Q(status__in=TaskStatus.values)
            ),
            models.CheckConstraint(
                name="tasks_taskinfo_progress_0_to_100", condition=Q(progress__lte=100)
            ),
            models.CheckConstraint(
                name="tasks_taskinfo_priority_0_to_9", condition=Q(priority__lte=9)
            ),
            models.CheckConstraint(
                name="tasks_taskinfo_completed_at_iff_final",
                condition=Q(status__in=FINAL, completed_at__isnull=False)
                | (~Q(status__in=FINAL) & Q(completed_at__isnull=True)),
            ),
            models.CheckConstraint(
                name="tasks_taskinfo_no_entry_when_final",
                condition=~Q(status__in=FINAL) | Q(entry__isnull=True),
            ),
            models.CheckConstraint(
                name="tasks_taskinfo_attempt_within_max",
                condition=Q(attempt__lte=F("max_attempts")),
            ),
            models.UniqueConstraint(
                name="tasks_taskinfo_idempotency_key_of_owner",
                fields=["owner_key", "idempotency_key"],
                condition=Q(idempotency_key__isnull=False),
            ),
        ]
        indexes = [
            models.Index(name="tasks_taskinfo_newest", fields=["-created_at", "-id"]),
            models.Index(
                name="tasks_taskinfo_owner_newest", fields=["owner_key", "-created_at", "-id"]
            ),
            models.Index(
                name="tasks_taskinfo_without_slot",
                fields=["owner_key", "-priority", "created_at"],
                condition=Q(completed_at__isnull=True, entry__isnull=True),
            ),
            models.Index(
                name="tasks_taskinfo_unfinished",
                fields=["owner_key"],
                condition=Q(completed_at__isnull=True),
            ),
            models.Index(
                name="tasks_taskinfo_ended_as",
                fields=["ended_as", "completed_at"],
                condition=Q(completed_at__isnull=False),
            ),
            # What staff look for among a million of them. Without the list of pending words, which
            # now and then one submission would have to sort in for all of them.
            models.Index(name="tasks_taskinfo_kind_newest", fields=["kind", "-created_at", "-id"]),
            GinIndex(DESCRIPTION_WORDS, name="tasks_taskinfo_words", fastupdate=False),
        ]

    def __str__(self) -> str:
        return f"{self.description} ({self.status})"


class TaskMessage(models.Model):
    """One line a task said, in its language. `seq` is 1, 2, 3 … without gaps in each task."""

    class Level(models.TextChoices):
        INFO = "info"
        WARNING = "warning"
        ERROR = "error"

    task = models.ForeignKey(TaskInfo, on_delete=models.CASCADE, related_name="messages")
    seq = models.PositiveIntegerField()
    time = models.DateTimeField()
    level = models.CharField(max_length=10, choices=Level.choices, default=Level.INFO)
    message = models.TextField()

    class Meta:
        ordering = ["seq"]
        constraints = [
            models.UniqueConstraint(name="tasks_taskmessage_seq_once", fields=["task", "seq"])
        ]

    def __str__(self) -> str:
        return self.message


class TaskStep(models.Model):
    """What a finished step of a task returned; read back instead of computed again."""

    task = models.ForeignKey(TaskInfo, on_delete=models.CASCADE, related_name="steps")
    name = models.CharField(max_length=100)
    version = models.PositiveSmallIntegerField(db_default=1, help_text="of the code that made it")
    value: models.JSONField[Any] = models.JSONField(null=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(name="tasks_taskstep_name_once", fields=["task", "name"])
        ]

    def __str__(self) -> str:
        return self.name


class DeletedTask(models.Model):
    """What the limit a day counts of a task that its owner has deleted; kept for a day."""

    owner_key = models.CharField(max_length=80)
    created_at = models.DateTimeField(help_text="when the task was submitted")

    class Meta:
        indexes = [
            models.Index(name="tasks_deletedtask_of_owner", fields=["owner_key", "created_at"])
        ]

    def __str__(self) -> str:
        return self.owner_key


class Process(models.Model):
    """
    A worker or web process: when it was last heard of, and what it has counted.

    One row, of the role "past", has the counts of all that have ended. See `tasks.processes`.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    role = models.CharField(max_length=10, help_text="worker, web, command or past")
    host = models.CharField(max_length=100, blank=True)
    pid = models.PositiveIntegerField()
    release = models.CharField(max_length=100, blank=True, help_text="of the code it runs")
    started_at = models.DateTimeField(db_default=Now())
    seen_at = models.DateTimeField(db_default=Now())
    ended_at = models.DateTimeField(null=True, blank=True, help_text="if it ended in order")
    figures = models.JSONField(default=list, blank=True)

    class Meta:
        verbose_name_plural = "processes"

    def __str__(self) -> str:
        return f"{self.role} {self.host}/{self.pid}"


class TaskLimit(models.Model):
    """What one user may have, or everybody of a sort. An empty number is no limit."""

    class AppliesTo(models.TextChoices):
        USER = "user", _("one user")
        USERS = "users", _("users without limits of their own")
        ANONYMOUS = "anonymous", _("anonymous callers, each")

    applies_to = models.CharField(max_length=10, choices=AppliesTo.choices, default=AppliesTo.USER)
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="task_limit",
    )
    max_running = models.PositiveIntegerField(null=True, blank=True, help_text="at the same time")
    max_active = models.PositiveIntegerField(
        null=True, blank=True, help_text="waiting and running together"
    )
    max_per_day = models.PositiveIntegerField(
        null=True, blank=True, help_text="submitted in the last 24 hours"
    )
    max_priority = models.PositiveSmallIntegerField(default=5, help_text="0-9")

    class Meta:
        verbose_name = _("task limit")
        verbose_name_plural = _("task limits")
        constraints = [
            models.CheckConstraint(
                name="tasks_tasklimit_user_iff_for_one",
                condition=Q(applies_to="user", user__isnull=False)
                | (~Q(applies_to="user") & Q(user__isnull=True)),
            ),
            models.UniqueConstraint(
                name="tasks_tasklimit_sort_once",
                fields=["applies_to"],
                condition=~Q(applies_to="user"),
            ),
            models.CheckConstraint(
                name="tasks_tasklimit_priority_0_to_9", condition=Q(max_priority__lte=9)
            ),
        ]

    def __str__(self) -> str:
        return str(self.user or self.get_applies_to_display())
