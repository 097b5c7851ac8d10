"""The page: all of the path, nothing that runs, nothing that is loaded."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser

import pytest

from learning_paths.catalogue.topic import LANGUAGES, Language
from learning_paths.export.files import exported
from learning_paths.export.page import content_security_policy
from tests.learning_paths.export.hostile import HOSTILE, hostile_path
from tests.learning_paths.paths import make_path, small_path

Attributes = list[tuple[str, str | None]]


class Page(HTMLParser):
    """The elements, attributes and text of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: set[str] = set()
        self.attributes: set[str] = set()
        self.links: list[str] = []
        self.ids: set[str] = set()
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: Attributes) -> None:
        self.elements.add(tag)
        for name, value in attrs:
            self.attributes.add(name)
            if name == "href":
                self.links.append(value or "")
            elif name == "id":
                self.ids.add(value or "")

    def handle_data(self, data: str) -> None:
        self.text += data


def test_of_a_hostile_path_nothing_but_text_is_left() -> None:
    page = Page(exported(hostile_path(), "html"))
    plain = Page(exported(make_path(language="en", hours_per_week=1).document, "html"))
    assert page.elements <= plain.elements | {"pre", "code"}
    assert page.attributes <= plain.attributes
    assert HOSTILE in page.text
    outside = [link for link in page.links if not link.startswith("#lesson-")]
    assert outside
    assert all(link.startswith("https://") for link in outside)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_page_loads_nothing_and_leads_where_it_says(language: Language) -> None:
    text = exported(make_path(language=language, hours_per_week=3).document, "html")
    page = Page(text)
    assert not page.elements & {"script", "img", "link", "iframe", "object", "form", "base", "svg"}
    assert not page.attributes & {"src", "srcset", "style", "action", "data", "poster"}
    assert not re.search(r"url\(|@import", text)
    inside = {link[1:] for link in page.links if link.startswith("#")}
    assert inside
    assert inside <= page.ids
    assert f'<html lang="{language}">' in text


def test_its_policy_allows_its_own_style_and_nothing_else() -> None:
    (style,) = re.findall(
        r"<style>(.*?)</style>", exported(small_path("en").document, "html"), re.S
    )
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    rules = dict(rule.split(" ", 1) for rule in content_security_policy().split("; "))
    assert rules.pop("style-src") == f"'sha256-{digest}'"
    assert set(rules.values()) == {"'none'"}
    assert rules.keys() >= {"default-src", "base-uri", "form-action", "frame-ancestors"}


def test_texts_of_others_are_credited_with_their_licence() -> None:
    document = small_path("en").document
    credit = {
        "title": "Quantum mechanics",
        "url": "https://en.wikipedia.org/wiki/Quantum_mechanics",
        "source": "Wikipedia",
        "author": "Wikipedia contributors",
        "license": "CC BY-SA 4.0",
    }
    derived = {**document, "attribution": [credit]}
    derived["generator"] = {**document["generator"], "mode": "wiki"}  # type: ignore[typeddict-item]
    for text in (exported(derived, "html"), exported(derived, "md")):  # type: ignore[arg-type]
        for part in ("Wikipedia contributors", "https://creativecommons.org/licenses/by-sa/4.0/"):
            assert part in text
        assert "shortened and put together anew" in text
    assert "shortened" not in exported(document, "html")


def test_the_same_path_is_the_same_page() -> None:
    pages = {exported(make_path(language="pt").document, "html") for _ in range(2)}
    assert len(pages) == 1
