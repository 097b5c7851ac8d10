"""Runs the programs of a topic's exercises and compares what they print with their `output`."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from tempfile import TemporaryDirectory

from learning_paths.catalogue.topic import Topic

LONGEST_SECONDS = 20


def wrong_outputs(topic: Topic) -> Iterator[str]:
    """Yield a sentence for each program that does not print its `output`."""
    for concept in topic.concepts:
        exercise = concept.exercise
        if exercise.kind == "code" and exercise.code is not None:
            printed = _run(exercise.code)
            if printed != exercise.output:
                yield f"concept {concept.id}: exercise: `output` should be {printed!r}"


def _run(code: str) -> str:
    """Return what a program prints, or what it dies of. It cannot see this project."""
    with TemporaryDirectory() as folder:
        try:
            finished = subprocess.run(
                [sys.executable, "-I", "-X", "utf8", "-"],
                input=code,
                capture_output=True,
                text=True,
                encoding="utf-8",
                timeout=LONGEST_SECONDS,
                cwd=folder,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return f"nothing within {LONGEST_SECONDS} seconds"
    return finished.stderr if finished.returncode else finished.stdout
