from django.urls import path

from learning_paths.api.views import GenerateViewSet

urlpatterns = [
    path(
        "generate_mcp_async",
        GenerateViewSet.as_view({"post": "create"}),
        name="generate-mcp-async",
    ),
]
