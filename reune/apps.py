from __future__ import annotations

from django.apps import AppConfig


class ReuneConfig(AppConfig):
    name = "reune"

    def ready(self) -> None:
        from reune import checks  # noqa: F401  # registers itself
