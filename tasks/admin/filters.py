"""What the list of tasks can be narrowed down to. No filter reads tasks to know its choices."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any, cast

from django.contrib import admin
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from tasks import registry
from tasks.admin.shown import state_words
from tasks.models import ACTIVE, ANONYMOUS_PREFIX, FINAL, TaskInfo, TaskInfoQuerySet, TaskStatus
from tasks.owners import COMMAND_LINE

Choices = Iterable[tuple[str, Any]]
Tasks = QuerySet[TaskInfo]


class StateFilter(admin.SimpleListFilter):
    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        groups = [("active", _("waiting or running")), ("ended", _("ended"))]
        return [*groups, *state_words().items()]

    def queryset(self, request: HttpRequest, queryset: Tasks) -> Tasks:
        tasks = cast(TaskInfoQuerySet, queryset)
        match self.value():
            case "active":
                return tasks.active()
            case "ended":
                return tasks.filter(completed_at__isnull=False)
            case status if status in ACTIVE:
                return tasks.active().filter(status=status)
            case status if status in FINAL:
                return tasks.ended_as(TaskStatus(str(status)))
        return tasks


class KindFilter(admin.SimpleListFilter):
    title = _("kind")
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        return [(kind, kind) for kind in registry.all_kinds()]

    def queryset(self, request: HttpRequest, queryset: Tasks) -> Tasks:
        is_known = self.value() in registry.all_kinds()
        return queryset.filter(kind=self.value()) if is_known else queryset


class OwnerFilter(admin.SimpleListFilter):
    title = _("owner")
    parameter_name = "of"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        return [
            ("users", _("users")),
            ("anonymous", _("anonymous callers")),
            ("command", _("the command line")),
        ]

    def queryset(self, request: HttpRequest, queryset: Tasks) -> Tasks:
        match self.value():
            case "users":
                return queryset.filter(owner__isnull=False)
            case "anonymous":
                return queryset.filter(owner_key__startswith=ANONYMOUS_PREFIX)
            case "command":
                return queryset.filter(owner_key=COMMAND_LINE.key)
        return queryset


class SubmittedFilter(admin.SimpleListFilter):
    title = _("submitted")
    parameter_name = "within"
    ages = {
        "hour": (_("in the last hour"), timedelta(hours=1)),
        "day": (_("in the last day"), timedelta(days=1)),
        "week": (_("in the last week"), timedelta(days=7)),
    }

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        return [(name, title) for name, (title, _age) in self.ages.items()]

    def queryset(self, request: HttpRequest, queryset: Tasks) -> Tasks:
        if self.value() not in self.ages:
            return queryset
        _title, age = self.ages[str(self.value())]
        return queryset.filter(created_at__gt=Now() - age)
