from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand

from tasks import doctor
from tasks.doctor import Finding, Level

#: By the worst finding.
EXIT_CODES = {Level.WARNING: 1, Level.ERROR: 2}


class Command(BaseCommand):
    help = "Look for what is wrong, or soon will be. Exits with 0, 1 for warnings, 2 for errors."
    # It says itself what the checks say.
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="answer in JSON")

    def handle(self, **options: Any) -> None:
        found = doctor.examine()
        self.stdout.write(_as_json(found) if options["json"] else _as_text(found))
        if found:
            sys.exit(max(EXIT_CODES[finding.level] for finding in found))


def _as_json(found: list[Finding]) -> str:
    return json.dumps({"findings": [asdict(finding) for finding in found]})


def _as_text(found: list[Finding]) -> str:
    if not found:
        return "Nothing is wrong."
    return "\n".join(map(_finding, found))


def _finding(one: Finding) -> str:
    """Django's own checks do not always say what to do."""
    text = f"{one.level.upper():8} {one.code}: {one.text}"
    return f"{text}\n         {one.fix}" if one.fix else text
