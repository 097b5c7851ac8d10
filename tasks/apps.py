from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class TasksConfig(AppConfig):
    name = "tasks"
    verbose_name = "Background tasks"

    def ready(self) -> None:
        # Every app may have a `handlers` module, which registers what it can run.
        autodiscover_modules("handlers")
