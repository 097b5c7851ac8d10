"""The tasks, to look at: a list that stays fast with a million of them, and a page for each."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.admin.utils import unquote
from django.db.models import Case, F, Func, IntegerField, Q, QuerySet, When
from django.db.models.functions import Coalesce, Now
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from tasks import search
from tasks.admin import filters, shown
from tasks.admin.actions import ASKED_ON_PAGE_OF, VERBS, TaskActions
from tasks.admin.links import result_url
from tasks.admin.paginator import CappedPaginator
from tasks.history import attempts_of
from tasks.models import TaskInfo, TaskInfoQuerySet, TaskStatus
from tasks.sql import planned_for_their_values

#: A page shows so many of a task's messages, the last ones.
MOST_MESSAGES = 500


def _stored_size(column: str) -> Func:
    """Bytes as they are stored, compressed; nothing is read for it."""
    return Func(F(column), function="pg_column_size", output_field=IntegerField())


def _plain(name: str, title: Any) -> Any:
    """A field as it is, under a title in the language of the page."""

    @admin.display(description=title)
    def show(model_admin: Any, task: TaskInfo) -> Any:
        value = getattr(task, name)
        return shown.NOTHING if value == "" else value

    return show


@admin.register(TaskInfo)
class TaskInfoAdmin(TaskActions):
    """Nothing is edited here: what staff may do to tasks are the actions."""

    list_display = (
        "topic",
        "state_in_list",
        "submitted",
        "waited",
        "ran",
        "shown_owner",
        "task_priority",
        "attempts",
        "task_kind",
    )
    list_display_links = ("topic",)
    list_filter = (
        filters.StateFilter,
        filters.SubmittedFilter,
        filters.KindFilter,
        filters.OwnerFilter,
    )
    list_select_related = ("owner",)
    list_per_page = 50
    list_max_show_all = 200
    ordering = ("-created_at", "-id")
    # Only what has an index.
    sortable_by = ("submitted",)
    paginator = CappedPaginator
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    search_fields = ("id",)
    search_help_text = gettext_lazy(
        "An id or its first eight digits, a user name, an owner (user:7, ip:…), or words of the"
        " topic"
    )
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("shown_state", "shown_progress"),
                    "topic",
                    "task_id",
                    "task_kind",
                    "task_language",
                    "task_priority",
                    "shown_params",
                    "shown_owner",
                    "others",
                )
            },
        ),
        (
            gettext_lazy("Times"),
            {
                "fields": (
                    ("submitted", "queued"),
                    ("started", "ended"),
                    ("waited", "ran"),
                    "retry",
                )
            },
        ),
        (
            gettext_lazy("Outcome"),
            {"fields": ("attempts", "task_error", "cancel_asked", "cancel_why", "made")},
        ),
    )

    task_id = _plain("id", gettext_lazy("Id"))
    task_kind = _plain("kind", gettext_lazy("Kind"))
    task_language = _plain("language", gettext_lazy("Language"))
    task_priority = _plain("priority", gettext_lazy("Priority"))
    task_error = _plain("error", gettext_lazy("Error"))
    cancel_why = _plain("cancel_reason", gettext_lazy("Who canceled, and why"))

    class Media:
        css = {"all": ("tasks/admin.css",)}

    # --- Who may what ------------------------------------------------------------------------

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        verbs = ("view", "change", "delete")
        return any(request.user.has_perm(f"tasks.{verb}_taskinfo") for verb in verbs)

    # --- The list ----------------------------------------------------------------------------

    def get_queryset(self, request: HttpRequest) -> QuerySet[TaskInfo]:
        """Without what is large: a page of results may be many megabytes."""
        return _with_times(TaskInfo.objects.defer("result", "params", "error"))

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        extra_context = {"title": _("Tasks"), **(extra_context or {})}
        if request.method != "GET":  # an action has commits of its own
            return super().changelist_view(request, extra_context)
        with planned_for_their_values():
            response = super().changelist_view(request, extra_context)
            if isinstance(response, TemplateResponse):
                response.render()  # which is when the tasks are read
            return response

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[TaskInfo], search_term: str
    ) -> tuple[QuerySet[TaskInfo], bool]:
        if not search_term.strip() or not isinstance(queryset, TaskInfoQuerySet):
            return queryset, False
        return search.matching(queryset, search_term), False

    @admin.display(description=gettext_lazy("Topic"))
    def topic(self, task: TaskInfo) -> str:
        return task.description or str(task.pk)

    @admin.display(description=gettext_lazy("State"))
    def shown_state(self, task: TaskInfo) -> SafeString:
        return shown.state(task)

    @admin.display(description=gettext_lazy("State"))
    def state_in_list(self, task: TaskInfo) -> SafeString:
        """With the progress where it still matters."""
        if task.status != TaskStatus.RUNNING:
            return shown.state(task)
        return format_html("{} {}", shown.state(task), shown.progress(task))

    @admin.display(description=gettext_lazy("Progress"))
    def shown_progress(self, task: TaskInfo) -> SafeString:
        return shown.progress(task)

    @admin.display(description=gettext_lazy("Owner"))
    def shown_owner(self, task: TaskInfo) -> str:
        if task.owner:
            return task.owner.get_username()
        # Of the hash of an address, its beginning tells one from another.
        return task.owner_key[:11]

    @admin.display(description=gettext_lazy("Attempts"))
    def attempts(self, task: TaskInfo) -> str:
        numbers = {"attempt": task.attempt, "most": task.max_attempts}
        return _("%(attempt)d of %(most)d") % numbers

    @admin.display(description=gettext_lazy("Submitted"), ordering="-created_at")
    def submitted(self, task: TaskInfo) -> SafeString | str:
        return shown.instant(task.created_at)

    @admin.display(description=gettext_lazy("Waited"))
    def waited(self, task: Any) -> str:
        return shown.span(task.waited)

    @admin.display(description=gettext_lazy("Ran"))
    def ran(self, task: Any) -> str:
        return shown.span(task.ran)

    # --- The page of one -----------------------------------------------------------------------

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> TaskInfo | None:
        try:
            task_id = UUID(object_id)
        except ValueError:
            return None
        tasks = _with_times(TaskInfo.objects.defer("result")).select_related("owner", "entry")
        return tasks.annotate(result_size=_stored_size("result")).filter(pk=task_id).first()

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        task = self.get_object(request, unquote(object_id))
        more = self._sections(request, task) if task and self.has_view_permission(request) else {}
        return super().change_view(request, object_id, form_url, {**more, **(extra_context or {})})

    def _sections(self, request: HttpRequest, task: TaskInfo) -> dict[str, Any]:
        """What the page of a task has below its fields, and the actions above."""
        said = list(task.messages.order_by("seq"))
        told = attempts_of(task, said)
        levels = {"info": _("information"), "warning": _("warning"), "error": _("error")}
        done = LogEntry.objects.filter(
            content_type__app_label="tasks", content_type__model="taskinfo", object_id=str(task.pk)
        )
        return {
            "title": _("Task"),
            "subtitle": task.description,
            "verbs": [
                verb for verb in VERBS if task.status in verb.statuses and self.may(request, verb)
            ],
            "asked_on_page_of": ASKED_ON_PAGE_OF,
            "said": [
                (one, levels[one.level], shown.instant(one.time)) for one in said[-MOST_MESSAGES:]
            ],
            "unsaid": max(0, len(said) - MOST_MESSAGES),
            "attempts": [
                (shown.instant(one.began_at), shown.instant(one.ended_at), one.end) for one in told
            ],
            "silent": _silent(task.attempt - len(told)),
            "steps": [
                (step, shown.size(step.size), shown.instant(step.created_at))
                for step in task.steps.defer("value").annotate(size=_stored_size("value"))
            ],
            "done": [
                (entry, shown.instant(entry.action_time))
                for entry in done.select_related("user").order_by("action_time")
            ],
            "texts": _texts(),
        }

    @admin.display(description=gettext_lazy("Parameters"))
    def shown_params(self, task: TaskInfo) -> SafeString:
        text = json.dumps(task.params, ensure_ascii=False, indent=2)
        return format_html('<pre class="json">{}</pre>', text)

    @admin.display(description=gettext_lazy("Their tasks"))
    def others(self, task: TaskInfo) -> SafeString:
        url = reverse("admin:tasks_taskinfo_changelist") + f"?q={task.owner_key}"
        return format_html('<a href="{}">{}</a>', url, _("All tasks of this owner"))

    @admin.display(description=gettext_lazy("Got its slot"))
    def queued(self, task: TaskInfo) -> SafeString | str:
        return shown.instant(task.queued_at)

    @admin.display(description=gettext_lazy("Last attempt began"))
    def started(self, task: TaskInfo) -> SafeString | str:
        return shown.instant(task.started_at)

    @admin.display(description=gettext_lazy("Tried again"))
    def retry(self, task: TaskInfo) -> SafeString | str:
        return shown.instant(task.retry_at)

    @admin.display(description=gettext_lazy("Ended"))
    def ended(self, task: TaskInfo) -> SafeString | str:
        return shown.instant(task.completed_at)

    @admin.display(description=gettext_lazy("Cancel asked for"))
    def cancel_asked(self, task: TaskInfo) -> SafeString | str:
        return shown.instant(task.cancel_requested_at)

    @admin.display(description=gettext_lazy("Result"))
    def made(self, task: Any) -> SafeString | str:
        size = shown.size(task.result_size)
        if url := result_url(task):
            return format_html('<a href="{}">{}</a> ({})', url, _("Look at it"), size)
        return size


def _with_times(tasks: QuerySet[TaskInfo]) -> QuerySet[TaskInfo]:
    """
    `waited` until the last attempt, `ran` in it; up to now for those that still do.

    What waits again, after an attempt, waits since then.
    """
    is_waiting = Q(status=TaskStatus.PENDING)
    waits_again = is_waiting & Q(attempt__gt=0)
    end = Coalesce("completed_at", Now())
    return tasks.annotate(
        waited=Case(
            When(waits_again, then=Now() - F("updated_at")),
            When(is_waiting, then=Now() - F("created_at")),
            default=Coalesce("started_at", end) - F("created_at"),
        ),
        ran=Case(When(is_waiting, then=None), default=end - F("started_at")),
    )


def _silent(count: int) -> str:
    text = ngettext(
        "%(count)d more ended before it could say anything: its worker died.",
        "%(count)d more ended before they could say anything: their workers died.",
        count,
    )
    return text % {"count": count} if count > 0 else ""


def _texts() -> dict[str, str]:
    """What is written on the page of a task."""
    texts = {
        "messages": _("Messages"),
        "unsaid": _("Earlier ones are not shown."),
        "steps": _("Finished steps"),
        "attempts": _("Attempts"),
        "began": _("began"),
        "ended": _("ended"),
        "end": _("what ended it"),
        "running": _("It is running."),
        "time": _("time"),
        "level": _("level"),
        "message": _("message"),
        "step": _("step"),
        "version": _("version"),
        "size": _("size"),
        "none": _("None yet."),
        "staff": _("What staff did"),
        "who": _("who"),
        "what": _("what"),
        "actions": _("What can be done"),
    }
    return {name: capfirst(text) for name, text in texts.items()}
