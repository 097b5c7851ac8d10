from django.urls import path

from tasks.api.views import TaskViewSet

urlpatterns = [
    path("status/<str:pk>", TaskViewSet.as_view({"get": "retrieve"}), name="task-status"),
    path("tasks", TaskViewSet.as_view({"get": "list"}), name="task-list"),
]
