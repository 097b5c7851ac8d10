"""The queue at a glance: what waits and runs now, and how the last day went."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import F
from django.db.models.functions import Now
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext as _

from tasks import processes, stats
from tasks.admin import charts, shown
from tasks.admin.charts import Chart
from tasks.conf import get_conf
from tasks.models import Process, TaskInfo, TaskStatus
from tasks.stats import Active, Hour

#: How many processes the page has at most.
MOST_PROCESSES = 100


def page(request: HttpRequest) -> TemplateResponse:
    task_admin = admin.site.get_model_admin(TaskInfo)
    if not task_admin.has_view_permission(request):
        raise PermissionDenied
    active, hours = stats.active(), stats.hours()
    context = {
        **admin.site.each_context(request),
        "title": _("Queue"),
        "opts": TaskInfo._meta,
        "media": task_admin.media,
        "tiles": _tiles(active, hours),
        "advice": _advice(active),
        "charts": _charts(hours),
        "hours": [(_clock(hour.begins_at), hour) for hour in reversed(hours)],
        "processes": _processes(),
        "kinds": stats.ended_within(stats.DAY),
        "seen_at": shown.instant(now()),
        "texts": _texts(),
    }
    return TemplateResponse(request, "admin/tasks/overview.html", context)


def _tiles(active: Active, hours: list[Hour]) -> list[dict[str, Any]]:
    """What to read first: a number, its name, and the tasks behind it."""
    tasks = reverse("admin:tasks_taskinfo_changelist")
    waiting = active.in_line + active.without_slot + active.to_be_retried
    last = hours[-1]
    return [
        {
            "name": _("waiting"),
            "value": waiting,
            "more": _(
                "%(in_line)d for a worker, %(without_slot)d for a slot, %(to_be_retried)d to be"
                " retried"
            )
            % {
                "in_line": active.in_line,
                "without_slot": active.without_slot,
                "to_be_retried": active.to_be_retried,
            },
            "url": f"{tasks}?state=pending",
        },
        {
            "name": _("oldest wait"),
            "value": shown.span(active.oldest_wait) if active.in_line else shown.NOTHING,
            "more": _("for a worker"),
        },
        {
            "name": _("running"),
            "value": active.running,
            "more": _("%(count)d without a living worker") % {"count": active.abandoned},
            "url": f"{tasks}?state=running",
        },
        {
            "name": _("completed this hour"),
            "value": last.completed,
            "more": _("since %(time)s UTC") % {"time": _clock(last.begins_at)},
            "url": f"{tasks}?state=completed",
        },
        {
            "name": _("failed this hour"),
            "value": last.failed,
            "more": _("%(count)d canceled") % {"count": last.canceled},
            "url": f"{tasks}?state=failed",
        },
    ]


def _processes() -> list[dict[str, Any]]:
    """Those that were heard of lately, the workers first, with what they run."""
    known = Process.objects.exclude(pk=processes.PAST).filter(ended_at=None)
    rows = known.annotate(silence=Now() - F("seen_at")).order_by("-role", "host", "pid")
    shown_rows = list(rows.defer("figures")[:MOST_PROCESSES])
    listed = [row.pk for row in shown_rows]
    running = TaskInfo.objects.active().filter(status=TaskStatus.RUNNING, worker__in=listed)
    tasks = {task.worker: task for task in running.defer("result", "params")}
    lease = get_conf().lease
    return [
        {
            "process": row,
            "role": {"worker": _("worker"), "web": _("web")}.get(row.role, row.role),
            "since": shown.instant(row.started_at),
            "silence": shown.span(row.silence),
            "is_alive": row.silence < lease,
            "task": tasks.get(row.pk),
        }
        for row in shown_rows
    ]


def _advice(active: Active) -> str:
    """What an operator should do now; empty if nothing."""
    if active.abandoned:
        return _(
            "Tasks run on paper only: their worker died. The next free worker goes on with them;"
            " if the number stays, no worker is up."
        )
    if active.in_line and active.oldest_wait.total_seconds() > 60:
        return _(
            "Tasks have been waiting for a worker for more than a minute: there are too few"
            " workers, or none. Run more manage.py worker, on any host."
        )
    return ""


def _charts(hours: list[Hour]) -> list[Chart]:
    subjects = (
        ("waiting", _("Waiting at the end of each hour")),
        ("running", _("Running at the end of each hour")),
        ("completed", _("Completed in each hour")),
        ("failed", _("Failed in each hour")),
    )
    return [_chart(name, title, hours) for name, title in subjects]


def _chart(name: str, title: str, hours: list[Hour]) -> Chart:
    values = [(_clock(hour.begins_at), int(getattr(hour, name))) for hour in hours]
    when, most = max(values, key=lambda one: one[1])
    summary = _("The last 24 hours, the highest %(most)d at %(when)s UTC, %(now)d in this hour.")
    return charts.chart(
        f"chart-{name}",
        kind=name,
        title=title,
        summary=summary % {"most": most, "when": when, "now": values[-1][1]},
        values=values,
    )


def _clock(begins_at: datetime) -> str:
    return f"{begins_at:%H:%M}"


def _texts() -> dict[str, str]:
    return {
        "refresh": _("Look again"),
        "tasks": _("All tasks"),
        "day": _("The last 24 hours"),
        "figures": _("The figures as a table"),
        "hour": _("Hour (UTC)"),
        "waiting": _("Waiting"),
        "running": _("Running"),
        "completed": _("Completed"),
        "failed": _("Failed"),
        "canceled": _("Canceled"),
        "kind": _("Kind"),
        "by_kind": _("Ended in the last 24 hours, by kind"),
        "none": _("Nothing has ended."),
        "as_of": _("As of"),
        "processes": _("Workers and web processes"),
        "process": _("Process"),
        "host": _("Host"),
        "release": _("Version"),
        "up_since": _("Since"),
        "heard": _("Last heard of"),
        "ago": _("ago"),
        "silent": _("silent: it counts as dead"),
        "runs": _("Runs"),
        "idle": _("nothing"),
        "nobody": _("None was heard of. Start manage.py worker."),
    }
