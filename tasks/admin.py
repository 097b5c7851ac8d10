"""What staff change by hand: limits."""

from __future__ import annotations

from django.contrib import admin

from tasks.models import TaskLimit


@admin.register(TaskLimit)
class TaskLimitAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # no generic at run time
    list_display = (
        "__str__",
        "applies_to",
        "max_running",
        "max_active",
        "max_per_day",
        "max_priority",
    )
    list_filter = ("applies_to",)
    list_select_related = ("user",)
    autocomplete_fields = ("user",)
