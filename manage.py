#!/usr/bin/env python
"""Django's command-line utility for Reune."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "reune.settings")
    from django.core.management import execute_from_command_line

    try:
        execute_from_command_line(sys.argv)
    finally:
        _tell_what_was_counted()


def _tell_what_was_counted() -> None:
    from django.apps import apps

    if apps.ready:
        from tasks import processes

        processes.end_command()


if __name__ == "__main__":
    main()
