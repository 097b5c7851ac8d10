"""Values as people read them, in HTML that is escaped."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from tasks.models import ACTIVE, TaskInfo, TaskStatus

NOTHING = "–"
_MINUTE, _HOUR, _DAY = 60, 3600, 86400


def state_words() -> dict[str, str]:
    return {
        TaskStatus.PENDING: _("waiting"),
        TaskStatus.RUNNING: _("running"),
        TaskStatus.COMPLETED: _("completed"),
        TaskStatus.FAILED: _("failed"),
        TaskStatus.CANCELED: _("canceled"),
    }


def state(task: TaskInfo) -> SafeString:
    """The word, in a colour that only repeats it."""
    word = state_words()[task.status]
    if task.status == TaskStatus.PENDING and task.retry_at:
        word = _("waiting to be retried")
    elif task.status in ACTIVE and task.cancel_requested_at:
        word = _("stopping")
    return format_html('<span class="state state-{}">{}</span>', task.status, word)


def progress(task: TaskInfo) -> SafeString:
    return format_html(
        '<span class="task-progress"><progress max="100" value="{0}" aria-label="{1}"></progress>'
        " {0}%</span>",
        task.progress,
        _("Progress"),
    )


def span(took: timedelta | None) -> str:
    """As coarse as people read it: 850 ms, 12.4 s, 3 min 20 s, 2 h 5 min, 3 d 4 h."""
    if took is None:
        return NOTHING
    seconds = max(0.0, took.total_seconds())
    if seconds < 1:
        return f"{1000 * seconds:.0f} ms"
    if seconds < _MINUTE:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    for unit, name, smaller, smaller_name in (
        (_DAY, "d", _HOUR, "h"),
        (_HOUR, "h", _MINUTE, "min"),
    ):
        if whole >= unit:
            return f"{whole // unit} {name} {whole % unit // smaller} {smaller_name}"
    return f"{whole // _MINUTE} min {whole % _MINUTE} s"


def instant(when: datetime | None) -> SafeString | str:
    """To the second, the same in every language."""
    if when is None:
        return NOTHING
    local = localtime(when)
    text = f"{local:%Y-%m-%d %H:%M:%S}"
    return format_html('<time datetime="{}">{}</time>', local.isoformat(), text)


def size(count: int | None) -> str:
    """Bytes, to three digits."""
    if count is None:
        return NOTHING
    if count < 1000:
        return f"{count} B"
    return f"{count / 1000:.1f} kB" if count < 1_000_000 else f"{count / 1_000_000:.1f} MB"
