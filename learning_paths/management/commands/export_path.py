from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError

from learning_paths.export.files import exported
from learning_paths.models import LearningPath


class Command(BaseCommand):
    help = "Write a finished path as Markdown, as a page to print, or as its JSON document."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("id", type=UUID, help="as GET /learning_paths has it")
        parser.add_argument(
            "--format", choices=["md", "html", "json"], default="md", help="Markdown unless given"
        )
        parser.add_argument("--output", type=Path, help="the file to write; else it is printed")

    def handle(self, *, id: UUID, format: Any, output: Path | None, **options: Any) -> None:
        document = LearningPath.objects.filter(pk=id).values_list("document", flat=True).first()
        if document is None:
            raise CommandError(f"there is no learning path {id}")
        text = exported(document, format)
        if output is None:
            self.stdout.write(text, ending="")
            return
        try:
            output.write_text(text)
        except OSError as error:
            raise CommandError(f"cannot write {output}: {error.strerror}") from error
        self.stdout.write(f"Written to {output}")
