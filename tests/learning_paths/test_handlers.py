from __future__ import annotations

import subprocess
import sys

from django.conf import settings

from tests.processes import environment

_BEGIN = """
import sys
import django

django.setup()

def loaded():
    return {name for name in sys.modules if name.startswith("learning_paths.")}
"""
_WEB = """
import reune.urls

makers = {"learning_paths.pipeline", "learning_paths.stages.quizzes", "learning_paths.http"}
assert not loaded() & makers, loaded() & makers
"""
_WORKER = """
from tasks import registry

class Task:
    def report(self, *given, **named): pass
    def step(self, name, compute, **named): return compute()

registry.preload()
before = loaded()
from learning_paths import pipeline
from learning_paths.catalogue import loader
from learning_paths.request import PathRequest
assert loader._names.cache_info().currsize
pipeline.generate(Task(), PathRequest.from_params({"topic": "python"}))
assert "learning_paths.gathering" in before
assert loaded() == before, loaded() - before
"""


def run(code: str) -> None:
    subprocess.run(
        [sys.executable, "-c", _BEGIN + code],
        cwd=settings.BASE_DIR,
        env=environment(DJANGO_SETTINGS_MODULE="reune.settings"),
        timeout=60,
        check=True,
    )


def test_the_web_server_does_not_load_what_makes_paths() -> None:
    run(_WEB)


def test_workers_share_all_the_code_that_makes_paths() -> None:
    run(_WORKER)
