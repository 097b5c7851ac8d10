from __future__ import annotations

from typing import Any

import pytest

from learning_paths.checks import check_contact, check_sources


@pytest.mark.parametrize("field", ["sources", "source_urls", "source_keys"])
def test_a_source_that_there_is_not_is_an_error(settings: Any, field: str) -> None:
    for name, ids in (("wikipedia", []), ("wikipeda", ["learning_paths.E001"])):
        settings.REUNE_LEARNING_PATHS = {field: (name,) if field == "sources" else {name: "x"}}
        assert [found.id for found in check_sources()] == ids


@pytest.mark.parametrize(
    ("contact", "ids"),
    [
        ("", []),
        ("ops@example.org", []),
        ("https://example.org/about", []),
        ("a@b.example\r\nX: y", ["learning_paths.E002"]),
        ("ação", ["learning_paths.E002"]),
    ],
)
def test_a_contact_fits_into_a_header(settings: Any, contact: str, ids: list[str]) -> None:
    settings.REUNE_LEARNING_PATHS = {"contact": contact}
    assert [found.id for found in check_contact()] == ids
