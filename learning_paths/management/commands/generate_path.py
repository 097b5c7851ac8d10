from __future__ import annotations

import json
import subprocess
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from itertools import chain
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from learning_paths import library
from learning_paths.catalogue.topic import LANGUAGES
from learning_paths.exceptions import InvalidRequest
from learning_paths.export.files import exported, file_name
from learning_paths.handlers import KIND
from learning_paths.request import PathRequest
from learning_paths.schema import LEVELS
from learning_paths.terminal import tree_lines, week_lines
from tasks import lifecycle
from tasks.follow import follow
from tasks.models import TaskInfo, TaskStatus
from tasks.owners import COMMAND_LINE

#: How long a worker started here may take to stop before it is killed.
STOP_SECONDS = 30


class Command(BaseCommand):
    help = "Have a worker make a learning path, watch it, and write it to a JSON file."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("topic")
        parser.add_argument("--language", default="pt", help=f"one of {', '.join(LANGUAGES)}")
        parser.add_argument("--nodes", default=15, help="how many nodes the tree has")
        parser.add_argument("--level", help=f"one of {', '.join(LEVELS.values())}")
        parser.add_argument("--hours-per-week", help="add a week plan of so many hours a week")
        parser.add_argument("--output", type=Path, help="the file to write")
        parser.add_argument("--fresh", action="store_true", help="do not reuse a path made before")
        parser.add_argument(
            "--json", action="store_true", help="print the path, and the progress to stderr"
        )
        parser.add_argument("--with-worker", action="store_true", help="start a worker meanwhile")

    def handle(
        self, *, topic: str, fresh: bool, with_worker: bool, output: Path | None, **options: Any
    ) -> None:
        params = {
            "topic": topic,
            "language": options["language"],
            "num_nodes": options["nodes"],
            "level": options["level"],
            "hours_per_week": options["hours_per_week"],
        }
        try:
            request = PathRequest.from_params(params)
        except InvalidRequest as error:
            raise CommandError(str(error), returncode=2) from error
        if fresh:
            library.forget(request)
        task = lifecycle.submit(KIND, params, owner=COMMAND_LINE)
        if as_json := options["json"]:
            # The document alone goes where a script reads; people still see the rest.
            out, self.stdout = self.stdout, self.stderr
        self.stdout.write(f"{task.description}, task {task.pk}")
        with _worker() if with_worker else nullcontext():
            task = self._watch(task)
        if task.status != TaskStatus.COMPLETED:
            raise CommandError(f"the task is {task.status}: {task.error or task.cancel_reason}")
        if as_json:
            out.write(json.dumps(task.result, ensure_ascii=False))
        if output or not as_json:
            name = file_name(request.topic, request.language, "json")
            self._show(task.result, output or Path(name))

    def _watch(self, task: TaskInfo) -> TaskInfo:
        """Show progress and messages until the task ends: a bar on a terminal, else plain lines."""
        is_terminal = self.stdout.isatty() and self.stdout is not self.stderr
        layout = "{percentage:3.0f}% |{bar:40}| {elapsed}"
        with tqdm(
            total=100, bar_format=layout, ncols=72, file=sys.stdout, disable=not is_terminal
        ) as bar:
            for now, messages in follow(task):
                for message in messages:
                    line = f"{message.time:%H:%M:%S}  {message.message}"
                    tqdm.write(line) if is_terminal else self.stdout.write(line)
                if not is_terminal:
                    self.stdout.write(f"{now.progress}%")
                bar.update(now.progress - bar.n)
        return now

    def _show(self, document: Any, output: Path) -> None:
        output.write_text(exported(document, "json"))
        self.stdout.write(f"\n{document['title']}, {document['totalHours']} h")
        for line in chain(tree_lines(document), week_lines(document)):
            self.stdout.write(line)
        self.stdout.write(f"\nWritten to {output}")


@contextmanager
def _worker() -> Iterator[None]:
    """Run `manage.py worker` meanwhile."""
    manage = [sys.executable, str(settings.BASE_DIR / "manage.py")]
    process = subprocess.Popen([*manage, "worker", "--workers", "1", "--verbosity", "0"])
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
