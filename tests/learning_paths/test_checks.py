from __future__ import annotations

from typing import Any

import pytest

from learning_paths.checks import check_contact, check_language_model, check_sources


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


URL, SECRET = "https://llm.example.org/v1", "s3cr3t"


@pytest.mark.parametrize(
    ("given", "id", "hint"),
    [
        ({}, None, ""),
        ({"llm_url": URL, "llm_model": "m"}, None, ""),
        ({"llm_url": URL, "llm_model": "m", "llm_key": SECRET}, None, ""),
        ({"llm_url": "http://localhost:11434/v1", "llm_model": "m"}, None, ""),
        ({"llm_url": "http://[::1]:11434/v1", "llm_model": "m"}, None, ""),
        ({"llm_url": URL}, "E003", "Set LLM_MODEL"),
        ({"llm_url": URL, "llm_key": SECRET}, "E003", "Set LLM_MODEL"),
        ({"llm_model": "m"}, "E003", "Set LLM_URL"),
        ({"llm_key": SECRET}, "E003", "Set LLM_URL"),
        ({"llm_url": "llm.example.org/v1", "llm_model": "m"}, "E004", "https://"),
        ({"llm_url": "ftp://llm.example.org/v1", "llm_model": "m"}, "E004", "https://"),
        ({"llm_url": "https:///v1", "llm_model": "m"}, "E004", "https://"),
        ({"llm_url": f"https://me:{SECRET}@llm.example.org", "llm_model": "m"}, "E004", "LLM_KEY"),
        ({"llm_url": f"{URL}?key={SECRET}", "llm_model": "m"}, "E004", "LLM_KEY"),
        ({"llm_url": f"{URL}#x", "llm_model": "m"}, "E004", "https://"),
        ({"llm_url": f"{URL} ", "llm_model": "m"}, "E004", "https://"),
        ({"llm_url": "https://llm.example.org:port/v1", "llm_model": "m"}, "E004", "https://"),
        ({"llm_url": "https://[bad/v1", "llm_model": "m"}, "E004", "https://"),
        ({"llm_url": URL, "llm_model": "m", "llm_key": f"{SECRET}\n"}, "E005", "LLM_KEY"),
        ({"llm_url": URL, "llm_model": "m", "llm_key": f"{SECRET} x"}, "E005", "LLM_KEY"),
        ({"llm_url": URL, "llm_model": "m", "llm_key": f"{SECRET}ç"}, "E005", "LLM_KEY"),
    ],
)
def test_a_language_model_is_set_up_whole_or_not_at_all(
    settings: Any, given: dict[str, str], id: str | None, hint: str
) -> None:
    settings.REUNE_LEARNING_PATHS = given
    found = check_language_model()
    assert [one.id for one in found] == ([f"learning_paths.{id}"] if id else [])
    assert all(hint in str(one.hint) and SECRET not in f"{one}" for one in found)
