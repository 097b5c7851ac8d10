from django.urls import path

from tasks.api.views import TaskViewSet

urlpatterns = [
    # The old server's address of the same.
    path("status/<str:pk>", TaskViewSet.as_view({"get": "retrieve"}), name="task-status"),
    path("tasks", TaskViewSet.as_view({"get": "list", "post": "create"}), name="tasks"),
    path(
        "tasks/<str:pk>",
        TaskViewSet.as_view({"get": "retrieve", "patch": "partial_update", "delete": "destroy"}),
        name="task",
    ),
    path("tasks/<str:pk>/cancel", TaskViewSet.as_view({"post": "cancel"}), name="task-cancel"),
    path("tasks/<str:pk>/resume", TaskViewSet.as_view({"post": "resume"}), name="task-resume"),
    path("tasks/<str:pk>/messages", TaskViewSet.as_view({"get": "messages"}), name="task-messages"),
    path("tasks/<str:pk>/events", TaskViewSet.as_view({"get": "events"}), name="task-events"),
]
