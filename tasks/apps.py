from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext_lazy


class TasksConfig(AppConfig):
    name = "tasks"
    verbose_name = gettext_lazy("Background tasks")

    def ready(self) -> None:
        from django_q.signals import post_spawn

        from tasks import checks, lease, selftest  # noqa: F401  # two register themselves

        # A worker that has just been forked gets its lease thread before its first task.
        post_spawn.connect(lease.start_keeper, dispatch_uid="tasks.lease")
        # Every app may have a `handlers` module, which registers what it can run.
        autodiscover_modules("handlers")
