from django.contrib import admin
from django.contrib.auth.views import LogoutView
from django.urls import include, path, re_path
from django.views.i18n import set_language

from reune import assets, errors, pages
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
    # For people.
    path("", pages.home, name="home"),
    path("paths/<uuid:task_id>", pages.path_page, name="path-page"),
    path("paths/<uuid:task_id>.<str:kind>", pages.path_file, name="path-file"),
    path("assets/<str:digest>/<str:name>", assets.asset, name="asset"),
    path("login", pages.page(pages.SignIn.as_view()), name="login"),
    path("logout", LogoutView.as_view(next_page="home"), name="logout"),
    path("language", set_language, name="language"),
    re_path("", errors.not_found),
]
handler400 = errors.bad_request
handler404 = errors.not_found
handler500 = errors.server_error
