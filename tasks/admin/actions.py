"""
What staff can do to tasks: ask, do it through `lifecycle` one by one, tell what was refused.

The list of tasks and the page of one task post the same form, so there is one way for all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, cast
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.models import CHANGE, DELETION, LogEntry
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from tasks import lifecycle, live
from tasks.admin.shown import state, state_words
from tasks.exceptions import LimitExceeded, TasksError, TransitionRefused
from tasks.models import ACTIVE, FINAL, TaskInfo, TaskStatus
from tasks.owners import owner_of

#: One request does them one by one; `tasks_cancel` knows no such end.
MOST_AT_ONCE = 500
#: How many the question names.
MOST_NAMED = 20
#: In the form: the task on whose page the question was asked, to go back to it.
ASKED_ON_PAGE_OF = "asked_on_page_of"


class NoWords(forms.Form):
    """Nothing more is to be said."""


class ReasonForm(forms.Form):
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        required=False,
        max_length=120,
        help_text=gettext_lazy("The owner reads it, and that it was you."),
    )


class PriorityForm(forms.Form):
    priority = forms.IntegerField(
        label=gettext_lazy("Priority"),
        min_value=0,
        max_value=9,
        initial=lifecycle.DEFAULT_PRIORITY,
        help_text=gettext_lazy("0-9, 9 first. A step is worth ten minutes in line."),
    )


@dataclass(frozen=True)
class Verb:
    """
    One thing to do to tasks. `consequence` is read before, `tell` says how many it was done to.

    `wording` takes what the form asked for as keywords; `run` too, after the task and the request.
    """

    name: str
    title: Promise
    label: Promise
    consequence: Promise
    statuses: Sequence[str]
    run: Callable[..., None]
    tell: Callable[[int], str]
    form: type[forms.Form] = NoWords
    is_deletion: bool = False

    @property
    def permission(self) -> str:
        return "delete" if self.is_deletion else "change"


@dataclass
class Outcome:
    done: list[TaskInfo] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)


def _cancel(task_id: UUID, request: HttpRequest, *, reason: str) -> None:
    who = _("%(name)s, in the admin") % {"name": request.user.get_username()}
    lifecycle.cancel(task_id, reason=f"{who}: {reason}" if reason else who)


def _resume(task_id: UUID, request: HttpRequest) -> None:
    lifecycle.resume(task_id)


def _delete(task_id: UUID, request: HttpRequest) -> None:
    lifecycle.delete(task_id)
    live.forget(task_id)


def _set_priority(task_id: UUID, request: HttpRequest, *, priority: int) -> None:
    lifecycle.set_priority(task_id, priority, asked_by=owner_of(request).key)


VERBS = (
    Verb(
        name="cancel_tasks",
        title=gettext_lazy("Cancel tasks"),
        label=gettext_lazy("Cancel"),
        consequence=gettext_lazy(
            "What waits ends at once; what runs is stopped by its worker within moments. A canceled"
            " task can be resumed."
        ),
        statuses=ACTIVE,
        run=_cancel,
        tell=lambda count: ngettext(
            "%(count)d task is canceled or stopping.",
            "%(count)d tasks are canceled or stopping.",
            count,
        ),
        form=ReasonForm,
    ),
    Verb(
        name="resume_tasks",
        title=gettext_lazy("Resume tasks"),
        label=gettext_lazy("Resume"),
        consequence=gettext_lazy(
            "Failed and canceled tasks go on from their last finished step, with as many attempts"
            " as new ones, within the limits of their owner."
        ),
        statuses=(TaskStatus.FAILED, TaskStatus.CANCELED),
        run=_resume,
        tell=lambda count: ngettext(
            "%(count)d task is resumed.", "%(count)d tasks are resumed.", count
        ),
    ),
    Verb(
        name="prioritize_tasks",
        title=gettext_lazy("Change the priority of tasks"),
        label=gettext_lazy("Change the priority"),
        consequence=gettext_lazy(
            "Waiting tasks move in line at once; a running one keeps running and has its new place"
            " if it comes back."
        ),
        statuses=ACTIVE,
        run=_set_priority,
        tell=lambda count: ngettext(
            "%(count)d task has the new priority.", "%(count)d tasks have the new priority.", count
        ),
        form=PriorityForm,
    ),
    Verb(
        name="delete_tasks",
        title=gettext_lazy("Delete tasks"),
        label=gettext_lazy("Delete"),
        consequence=gettext_lazy(
            "Ended tasks go for good, with their messages, steps and results. Finished learning"
            " paths are kept elsewhere and stay."
        ),
        statuses=FINAL,
        run=_delete,
        tell=lambda count: ngettext(
            "%(count)d task is deleted.", "%(count)d tasks are deleted.", count
        ),
        is_deletion=True,
    ),
)


class TaskActions(admin.ModelAdmin):  # type: ignore[type-arg]  # no generic at run time
    """A ModelAdmin of TaskInfo with the VERBS as its actions."""

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        return {
            verb.name: (_action_of(verb), verb.name, verb.title)
            for verb in VERBS
            if self.may(request, verb)
        }

    def may(self, request: HttpRequest, verb: Verb) -> bool:
        return request.user.has_perm(f"tasks.{verb.permission}_taskinfo")


def _action_of(verb: Verb) -> Callable[..., HttpResponseBase | None]:
    def act(
        model_admin: TaskActions, request: HttpRequest, chosen: QuerySet[TaskInfo]
    ) -> HttpResponseBase | None:
        is_answered = "confirmed" in request.POST
        form = verb.form(request.POST) if is_answered else verb.form()
        tasks = list(chosen.order_by("-created_at", "-id")[: MOST_AT_ONCE + 1])
        if len(tasks) > MOST_AT_ONCE:
            text = _("At most %(count)d tasks at once; for more there is manage.py tasks_cancel.")
            messages.error(request, text % {"count": MOST_AT_ONCE})
            return None
        if not is_answered or not form.is_valid():
            return _question(model_admin, request, verb, tasks, form)
        outcome = perform(verb, tasks, request, form.cleaned_data)
        _tell(request, verb, outcome)
        return HttpResponseRedirect(_way_back(request, verb, outcome))

    act.__name__ = verb.name
    return act


def perform(
    verb: Verb, tasks: Sequence[TaskInfo], request: HttpRequest, said: dict[str, Any]
) -> Outcome:
    """
    Do it to each, in a commit of its own, and note who did it.

    The newest come first: what is canceled does not make room for the next to be canceled.
    """
    outcome = Outcome()
    for task in tasks:
        try:
            verb.run(task.pk, request, **said)
        except TasksError as refusal:
            outcome.refused[_why(refusal)] += 1
        else:
            outcome.done.append(task)
            _note(verb, task, request, said)
    return outcome


def _note(verb: Verb, task: TaskInfo, request: HttpRequest, said: dict[str, Any]) -> None:
    """Who did it, at once: what is done stays done if a later one breaks off."""
    words = [verb.name, *(f"{name}: {value}" for name, value in said.items() if value != "")]
    LogEntry.objects.log_actions(
        cast(User, request.user).pk,
        [task],
        DELETION if verb.is_deletion else CHANGE,
        change_message=", ".join(words),
    )


def _why(refusal: TasksError) -> str:
    if isinstance(refusal, TransitionRefused):
        return state_words().get(refusal.status) or _("not there any more")
    if isinstance(refusal, LimitExceeded):
        return _("the owner has as many as they may (%(limit)s)") % {"limit": refusal.limit}
    return str(refusal).removesuffix(".")


def _question(
    model_admin: TaskActions,
    request: HttpRequest,
    verb: Verb,
    tasks: Sequence[TaskInfo],
    form: forms.Form,
) -> TemplateResponse:
    unfit = sum(task.status not in verb.statuses for task in tasks)
    context = {
        **model_admin.admin_site.each_context(request),
        "title": verb.title,
        "subtitle": None,
        "opts": model_admin.opts,
        "media": model_admin.media,
        "verb": verb,
        "form": form,
        "named": [(state(task), task) for task in tasks[:MOST_NAMED]],
        "unnamed": _unnamed(len(tasks) - MOST_NAMED),
        "chosen_ids": [task.pk for task in tasks],
        "checkbox_name": ACTION_CHECKBOX_NAME,
        "list_url": reverse("admin:tasks_taskinfo_changelist"),
        "back": request.GET.urlencode() or request.POST.get("back", ""),
        "asked_on_page_of": _asked_on_page_of(request),
        "heading": _heading(len(tasks)),
        "unfit": _unfit(unfit),
        "texts": {"no": _("No, go back"), "list": _("Tasks")},
    }
    return TemplateResponse(request, "admin/tasks/taskinfo/question.html", context)


def _heading(count: int) -> str:
    text = ngettext("%(count)d task is chosen", "%(count)d tasks are chosen", count)
    return text % {"count": count}


def _unnamed(count: int) -> str:
    return _("and %(count)d more") % {"count": count} if count > 0 else ""


def _unfit(count: int) -> str:
    text = ngettext(
        "%(count)d of them will be refused, unless its state changes meanwhile.",
        "%(count)d of them will be refused, unless their state changes meanwhile.",
        count,
    )
    return text % {"count": count} if count else ""


def _tell(request: HttpRequest, verb: Verb, outcome: Outcome) -> None:
    if outcome.done:
        count = len(outcome.done)
        messages.success(request, verb.tell(count) % {"count": count})
    if refused := outcome.refused.total():
        text = ngettext(
            "%(count)d task was refused: %(reasons)s.",
            "%(count)d tasks were refused: %(reasons)s.",
            refused,
        )
        reasons = "; ".join(f"{count} {why}" for why, count in outcome.refused.most_common())
        messages.warning(request, text % {"count": refused, "reasons": reasons})


def _way_back(request: HttpRequest, verb: Verb, outcome: Outcome) -> str:
    """To the task if it was asked on its page and it is there; else to the list as it was."""
    is_gone = verb.is_deletion and outcome.done
    if (task_id := _asked_on_page_of(request)) and not is_gone:
        return reverse("admin:tasks_taskinfo_change", args=[task_id])
    back = request.POST.get("back", "")
    return reverse("admin:tasks_taskinfo_changelist") + (f"?{back}" if back else "")


def _asked_on_page_of(request: HttpRequest) -> UUID | None:
    try:
        return UUID(request.POST.get(ASKED_ON_PAGE_OF, ""))
    except ValueError:
        return None
