from django.contrib import admin
from django.urls import include, path, re_path

from reune import errors
from reune.health import HealthView, ReadyView
from reune.metrics import MetricsView
from reune.openapi import DocsView, SchemaView

urlpatterns = [
    # First what is asked for most.
    path("", include("tasks.api.urls")),
    path("", include("learning_paths.api.urls")),
    path("health", HealthView.as_view(), name="health"),
    path("health/ready", ReadyView.as_view(), name="ready"),
    path("metrics", MetricsView.as_view(), name="metrics"),
    path("schema", SchemaView.as_view(), name="schema"),
    path("docs", DocsView.as_view(), name="docs"),
    path("admin/", admin.site.urls),
    re_path("", errors.not_found),
]
handler400 = errors.bad_request
handler404 = errors.not_found
handler500 = errors.server_error
