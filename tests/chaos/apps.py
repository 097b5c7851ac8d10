from __future__ import annotations

import os
from multiprocessing.process import BaseProcess

from django.apps import AppConfig
from django.conf import settings


class ChaosConfig(AppConfig):
    name = "tests.chaos"
    label = "chaos"

    def ready(self) -> None:
        """Have Django-Q's processes say what they are, as their names do not."""
        settings.ROLES.mkdir(parents=True, exist_ok=True)
        settings.RUNNING.mkdir(parents=True, exist_ok=True)
        run = BaseProcess.run

        def run_with_role(process: BaseProcess) -> None:
            role = getattr(process, "_target").__name__  # noqa: B009  # has no public name
            (settings.ROLES / str(os.getpid())).write_text(role)
            run(process)

        BaseProcess.run = run_with_role  # type: ignore[method-assign]
