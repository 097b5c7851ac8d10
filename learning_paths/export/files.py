"""A stored path as a file: its text in one of three formats, and the file's name."""

from __future__ import annotations

import json
from typing import Literal

from django.utils import translation
from django.utils.text import slugify

from learning_paths.export.content import content_of
from learning_paths.export.markdown import markdown
from learning_paths.export.page import page
from learning_paths.schema import LearningPathDocument

Format = Literal["md", "html", "json"]
#: In characters, without what follows it: file systems take 255 bytes.
_LONGEST_NAME = 60


def exported(document: LearningPathDocument, kind: Format) -> str:
    """Return the path in this format, in its own language."""
    if kind == "json":
        return json.dumps(document, ensure_ascii=False, indent=2) + "\n"
    with translation.override(document["language"]):
        content = content_of(document)
        return markdown(content) if kind == "md" else page(content)


def file_name(topic: str, language: str, kind: Format) -> str:
    """Return a name of a-z, 0-9 and hyphens only, whatever the topic: learning-path-go-pt.md."""
    slug = slugify(topic)[:_LONGEST_NAME].strip("-_") or "topic"
    return f"learning-path-{slug}-{language}.{kind}"
