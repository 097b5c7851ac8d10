"""The models of libraries in the admin: what of them staff need, and no more."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import User
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django_q.models import Failure, OrmQ, Schedule, Success
from knox.models import AuthToken

from tasks.admin import TaskLimitInline

# Entries of the queue are the tasks', which say more; of successful calls none is kept.
admin.site.unregister([OrmQ, Success, Schedule, Failure, AuthToken, User])


class LookOnly(admin.ModelAdmin):  # type: ignore[type-arg]  # no generic at run time
    """Nothing is made or changed by hand; what may be deleted, may be."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(User)
class UserWithLimitsAdmin(UserAdmin):  # type: ignore[type-arg]  # no generic at run time
    inlines = [TaskLimitInline]

    def get_inlines(self, request: HttpRequest, obj: Any) -> list[Any]:
        """Limits are for a user that is there."""
        return self.inlines if obj else []


@admin.register(AuthToken)
class TokenAdmin(LookOnly):
    """
    Tokens are made by `create_token` and only revoked here, which is deleting them.

    Of a token itself the database has the first characters, by which its owner knows it.
    """

    list_display = ("beginning", "user", "created", "expiry")
    list_display_links = None
    list_select_related = ("user",)
    list_filter = ("created", "expiry")
    search_fields = ("token_key", "user__username")
    search_help_text = _("A user name, or the first characters of a token")
    ordering = ("-created",)
    fields = ("beginning", "user", "created", "expiry")

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Django's own action, which asks and deletes, under the word that says what happens."""
        actions: dict[str, Any] = super().get_actions(request)
        if "delete_selected" in actions:
            act, name, _description = actions["delete_selected"]
            actions["delete_selected"] = (act, name, _("Revoke the chosen tokens"))
        return actions

    @admin.display(description=_("Token begins with"), ordering="token_key")
    def beginning(self, token: AuthToken) -> str:
        return f"{token.token_key}…"


@admin.register(Schedule)
class ScheduleAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # no generic at run time
    """
    When, not what: whoever could write which function is called could call any.

    Schedules come with migrations, so none is made here.
    """

    list_display = ("name", "func", "schedule_type", "next_run")
    list_display_links = ("name",)
    fields = ("name", "func", "schedule_type", "minutes", "next_run")
    readonly_fields = ("name", "func")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False


@admin.register(Failure)
class FailureAdmin(LookOnly):
    """Calls of schedules that failed; tasks say themselves why they failed."""

    list_display = ("name", "func", "started", "stopped", "first_line")
    list_filter = ("stopped",)
    fields = ("name", "func", "started", "stopped", "result")

    @admin.display(description=_("Error"))
    def first_line(self, call: Failure) -> str:
        return str(call.result or "").partition("\n")[0][:120]
