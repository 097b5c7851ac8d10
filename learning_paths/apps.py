from django.apps import AppConfig


class LearningPathsConfig(AppConfig):
    name = "learning_paths"
    verbose_name = "Learning paths"

    def ready(self) -> None:
        from learning_paths import checks  # noqa: F401  # registers them
