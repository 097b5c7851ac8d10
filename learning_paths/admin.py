"""Finished paths: found, read as their learners do, and forgotten so that they are made anew."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.models import DELETION, LogEntry
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from learning_paths import library
from learning_paths.export.links import with_safe_url
from learning_paths.handlers import KIND
from learning_paths.models import LearningPath
from tasks.admin import CappedPaginator, link_result, shown
from tasks.models import TaskInfo

#: How many paths the question names.
MOST_NAMED = 20
#: One form has so many at most.
MOST_AT_ONCE = 500


def _page_of_result(task: TaskInfo) -> str | None:
    """Tasks and paths have the same normalized request."""
    path_id = LearningPath.objects.filter(request=task.params).values_list("pk", flat=True).first()
    return reverse("admin:learning_paths_learningpath_change", args=[path_id]) if path_id else None


link_result(KIND, _page_of_result)


@admin.action(permissions=["delete"], description=gettext_lazy("Forget, to be made anew"))
def forget_paths(
    model_admin: admin.ModelAdmin[LearningPath],
    request: HttpRequest,
    chosen: QuerySet[LearningPath],
) -> HttpResponse | None:
    """Ask; then forget them, and note who did."""
    paths = list(chosen.defer("document")[: MOST_AT_ONCE + 1])
    if len(paths) > MOST_AT_ONCE:
        text = _("At most %(count)d paths at once; POST /clear_cache forgets more.")
        messages.error(request, text % {"count": MOST_AT_ONCE})
        return None
    if "confirmed" not in request.POST:
        return _question(model_admin, request, paths)
    count = library.forget_paths([path.pk for path in paths])
    LogEntry.objects.log_actions(
        cast(User, request.user).pk,
        paths,
        DELETION,
        change_message="forget_paths",
    )
    text = ngettext("%(count)d path is forgotten.", "%(count)d paths are forgotten.", count)
    messages.success(request, text % {"count": count})
    return None


def _question(
    model_admin: admin.ModelAdmin[LearningPath], request: HttpRequest, paths: list[LearningPath]
) -> TemplateResponse:
    count = len(paths)
    more = max(0, count - MOST_NAMED)
    heading = ngettext("%(count)d path is chosen", "%(count)d paths are chosen", count)
    context = {
        **model_admin.admin_site.each_context(request),
        "title": _("Forget, to be made anew"),
        "opts": model_admin.opts,
        "consequence": _(
            "Whoever asks for the same again has it made anew. Tasks keep the results they have;"
            " links to these paths stop working."
        ),
        "heading": heading % {"count": count},
        "named": paths[:MOST_NAMED],
        "unnamed": _("and %(count)d more") % {"count": more} if more else "",
        "chosen_ids": [path.pk for path in paths],
        "checkbox_name": ACTION_CHECKBOX_NAME,
        "no": _("No, go back"),
    }
    return TemplateResponse(request, "admin/learning_paths/learningpath/question.html", context)


@admin.register(LearningPath)
class LearningPathAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # no generic at run time
    """Nothing is edited: a path is what its request makes of it."""

    list_display = ("shown_topic", "shown_language", "made", "reused")
    list_filter = ("language", "created_at")
    list_per_page = 50
    ordering = ("-created_at", "-id")
    sortable_by = ("made", "reused")
    paginator = CappedPaginator
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    search_fields = ("topic",)
    search_help_text = gettext_lazy("Words of the topic")
    fields = ("shown_topic", "shown_language", "made", "reused", "shown_id")
    actions = [forget_paths]

    class Media:
        css = {"all": ("tasks/admin.css", "learning_paths/preview.css")}

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """To forget is to delete, and its question says what comes of it."""
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions

    def get_queryset(self, request: HttpRequest) -> QuerySet[LearningPath]:
        return LearningPath.objects.defer("document", "request")

    @admin.display(description=gettext_lazy("Topic"))
    def shown_topic(self, path: LearningPath) -> str:
        return path.topic

    @admin.display(description=gettext_lazy("Language"))
    def shown_language(self, path: LearningPath) -> str:
        return path.language

    @admin.display(description=gettext_lazy("Made"), ordering="-created_at")
    def made(self, path: LearningPath) -> Any:
        return shown.instant(path.created_at)

    @admin.display(description=gettext_lazy("Reused"), ordering="-hits")
    def reused(self, path: LearningPath) -> int:
        return path.hits

    @admin.display(description=gettext_lazy("Id"))
    def shown_id(self, path: LearningPath) -> str:
        return str(path.pk)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        path = self.get_object(request, object_id)
        more: dict[str, Any] = {"title": _("Learning path")}
        if path and self.has_view_permission(request, path):
            more |= {"document": readable(path.document), "texts": _texts()}
        return super().change_view(request, object_id, form_url, {**more, **(extra_context or {})})


def readable(document: dict[str, Any]) -> dict[str, Any]:
    """The document with its nodes in the order of learning, and links only where they are links."""
    nodes = sorted(document["nodes"].values(), key=lambda node: node["order"])
    titles = {node["id"]: node["title"] for node in nodes}
    return document | {
        "nodes": [
            node
            | {
                "before": [titles[one] for one in node["prerequisites"] if one in titles],
                "resources": [with_safe_url(resource) for resource in node["resources"]],
            }
            for node in nodes
        ]
    }


def _texts() -> dict[str, str]:
    return {
        "preview": _("Preview"),
        "before": _("After:"),
        "resources": _("Resources"),
        "quiz": _("Quiz"),
        "right": _("right"),
        "exercises": _("Exercises"),
        "hints": _("Hints"),
        "solution": _("Solution"),
        "minutes": _("min"),
        "hours": _("hours in all"),
        "diagnostics": _("What was noticed"),
    }
