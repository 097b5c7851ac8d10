"""The admin of this project: Django's, with a name, the queue's page, and apps in plain words."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.contrib import admin
from django.contrib.admin.apps import AdminConfig
from django.http import HttpRequest
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy


class ReuneAdminSite(admin.AdminSite):
    site_title = "Reune"
    site_header = "Reune"
    index_title = gettext_lazy("Administration")

    def get_urls(self) -> list[Any]:
        from tasks.admin import overview

        page = self.admin_view(overview.page)
        return [path("tasks/queue/", page, name="tasks_overview"), *super().get_urls()]

    def get_app_list(
        self, request: HttpRequest, app_label: str | None = None
    ) -> list[dict[str, Any]]:
        """The apps with what staff come for first, and the queue's overview before its tasks."""
        apps = super().get_app_list(request, app_label)
        names = _names()
        for app in apps:
            for model in app["models"]:
                model["name"] = names.get(model["object_name"], model["name"])
            if any(model["object_name"] == "TaskInfo" for model in app["models"]):
                app["models"].sort(key=lambda model: model["object_name"] != "TaskInfo")
                app["models"].insert(0, _overview())
        return sorted(apps, key=lambda app: app["app_label"] not in ("tasks", "learning_paths"))


def _names() -> dict[str, str]:
    """Of models of libraries, whose own names would be taken for our tasks."""
    return {
        "Schedule": _("Schedules"),
        "Failure": _("Failed calls of schedules"),
        "AuthToken": _("Tokens"),
    }


def _overview() -> dict[str, Any]:
    """A line of the index that is no model."""
    return {
        "name": _("Queue"),
        "object_name": "Queue",
        "admin_url": reverse("admin:tasks_overview"),
        "add_url": None,
        "perms": {"view": True},
        "view_only": True,
    }


class ReuneAdminConfig(AdminConfig):
    default_site = "reune.admin_site.ReuneAdminSite"


class KnoxConfig(AppConfig):
    name = "knox"
    verbose_name = gettext_lazy("Access to the API")
