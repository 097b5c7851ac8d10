"""Every text is there in every language, and compiled."""

from __future__ import annotations

import re
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]")
TRANSLATED = ("pt", "es")
#: As `make messages` has them.
KEYWORDS = {**DEFAULT_KEYWORDS, "gettext_lazy": None}


def catalog(language: str) -> Catalog:
    with (ROOT / "locale" / language / "LC_MESSAGES" / "django.po").open("rb") as file:
        return read_po(file, locale=language)


def source_texts() -> set[str | tuple[str, ...]]:
    return {
        message
        for app in ("reune", "tasks", "learning_paths")
        for _, _, message, _, _ in extract_from_dir(str(ROOT / app), keywords=KEYWORDS)
    }


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_text_of_the_source_is_translated(language: str) -> None:
    translated = {
        message.id if isinstance(message.id, str) else tuple(message.id)
        for message in catalog(language)
        if message.id and all([message.string] if isinstance(message.id, str) else message.string)
    }
    assert source_texts() - translated == set(), "run `make messages` and translate"


@pytest.mark.parametrize("language", TRANSLATED)
def test_translations_keep_the_placeholders(language: str) -> None:
    for message in catalog(language):
        ids = [message.id] if isinstance(message.id, str) else list(message.id)
        strings = [message.string] if isinstance(message.string, str) else list(message.string)
        for source, text in zip(ids, strings, strict=True):
            if source:
                assert sorted(PLACEHOLDER.findall(text)) == sorted(PLACEHOLDER.findall(source))


@pytest.mark.parametrize("language", TRANSLATED)
def test_the_compiled_file_is_current(language: str) -> None:
    compiled = BytesIO()
    write_mo(compiled, catalog(language))
    path = ROOT / "locale" / language / "LC_MESSAGES" / "django.mo"
    assert path.read_bytes() == compiled.getvalue(), "run `make messages`"
