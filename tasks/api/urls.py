from django.urls import path

from tasks.api.views import TaskViewSet

urlpatterns = [
    path("status/<str:pk>", TaskViewSet.as_view({"get": "retrieve"}), name="task-status"),
    path("tasks/<str:pk>/cancel", TaskViewSet.as_view({"post": "cancel"}), name="task-cancel"),
    path("tasks/<str:pk>/resume", TaskViewSet.as_view({"post": "resume"}), name="task-resume"),
    path("tasks", TaskViewSet.as_view({"get": "list"}), name="task-list"),
]
