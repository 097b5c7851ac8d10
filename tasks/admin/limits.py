"""Limits: in a list of their own, and on the page of the user they are for."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from tasks.models import TaskLimit

_NUMBERS = ("max_running", "max_active", "max_per_day", "max_priority")


class TaskLimitForm(forms.ModelForm):  # type: ignore[type-arg]  # no generic at run time
    class Meta:
        model = TaskLimit
        fields = ("applies_to", "user", *_NUMBERS)
        labels = {
            "applies_to": _("Applies to"),
            "user": _("User"),
            "max_running": _("Running at once"),
            "max_active": _("Waiting and running"),
            "max_per_day": _("In 24 hours"),
            "max_priority": _("Highest priority"),
        }
        help_texts = {
            "user": _("Only for the limits of one user."),
            "max_running": _("What is more waits. Empty: no limit."),
            "max_active": _("What is more is refused. Empty: no limit."),
            "max_per_day": _("Submitted tasks; what is more is refused. Empty: no limit."),
            "max_priority": _("0-9, 9 first."),
        }

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if "applies_to" not in cleaned or "user" not in cleaned:
            return cleaned
        is_for_one = cleaned["applies_to"] == TaskLimit.AppliesTo.USER
        if is_for_one and not cleaned["user"]:
            self.add_error("user", _("Say for which user, or choose whom else this applies to."))
        elif cleaned["user"] and not is_for_one:
            self.add_error("user", _("Leave this empty, or have the limits apply to one user."))
        return cleaned


@admin.register(TaskLimit)
class TaskLimitAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # no generic at run time
    form = TaskLimitForm
    list_display = ("__str__", "applies_to", *_NUMBERS)
    list_filter = ("applies_to",)
    list_select_related = ("user",)
    autocomplete_fields = ("user",)


class OwnLimitForm(TaskLimitForm):
    def has_changed(self) -> bool:
        """A form is there because somebody has asked for it: all empty is no limit at all."""
        return self.instance.pk is None or super().has_changed()


class TaskLimitInline(admin.StackedInline):  # type: ignore[type-arg]  # no generic at run time
    """On the page of a user."""

    model = TaskLimit
    form = OwnLimitForm
    fields = _NUMBERS
    extra = 0
    verbose_name = _("task limit of their own")
    verbose_name_plural = _("task limits of their own; without, those for all users apply")
