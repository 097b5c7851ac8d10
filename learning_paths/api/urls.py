from django.urls import path

from learning_paths.api.views import (
    CacheStatsView,
    ClearCacheView,
    GenerateViewSet,
    LearningPathViewSet,
)

urlpatterns = [
    path("learning_paths", LearningPathViewSet.as_view({"get": "list"}), name="learning-paths"),
    # Before the path itself, whose id would take the ending.
    path(
        "learning_paths/<str:pk>.md",
        LearningPathViewSet.as_view({"get": "markdown"}),
        name="learning-path-markdown",
    ),
    path(
        "learning_paths/<str:pk>.html",
        LearningPathViewSet.as_view({"get": "page"}),
        name="learning-path-page",
    ),
    path(
        "learning_paths/<str:pk>",
        LearningPathViewSet.as_view({"get": "retrieve"}),
        name="learning-path",
    ),
    # The old server's calls.
    path(
        "generate_mcp_async",
        GenerateViewSet.as_view({"post": "create"}),
        name="generate-mcp-async",
    ),
    path("generate_mcp", GenerateViewSet.as_view({"get": "wait"}), name="generate-mcp"),
    path("cache_stats", CacheStatsView.as_view(), name="cache-stats"),
    path("clear_cache", ClearCacheView.as_view(), name="clear-cache"),
]
