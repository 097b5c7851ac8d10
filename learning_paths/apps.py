from django.apps import AppConfig
from django.utils.translation import gettext_lazy


class LearningPathsConfig(AppConfig):
    name = "learning_paths"
    verbose_name = gettext_lazy("Learning paths")

    def ready(self) -> None:
        from learning_paths import checks  # noqa: F401  # registers them
