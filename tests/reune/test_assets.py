from __future__ import annotations

import gzip
import re

import pytest
from django.test import Client

from reune import page_texts as texts
from reune.assets import FOLDER, address_of

FILES = sorted(path.name for path in FOLDER.iterdir())


@pytest.mark.parametrize("name", FILES)
def test_a_file_is_kept_for_good_by_the_address_the_pages_have(name: str) -> None:
    response = Client().get(address_of(name))
    assert response.content == (FOLDER / name).read_bytes()
    assert "immutable" in response["Cache-Control"]
    assert response["X-Content-Type-Options"] == "nosniff"


def test_who_takes_gzip_gets_it() -> None:
    response = Client().get(address_of("base.css"), headers={"Accept-Encoding": "gzip"})
    assert response["Content-Encoding"] == "gzip"
    assert gzip.decompress(response.content) == (FOLDER / "base.css").read_bytes()
    assert "Accept-Encoding" in response["Vary"]


def test_an_address_of_another_release_is_not_kept_long() -> None:
    response = Client().get("/assets/0123456789ab/base.css")
    assert response.status_code == 200
    assert response["Cache-Control"] == "public, max-age=60"


@pytest.mark.parametrize("name", ["missing.js", "..", "%2e%2e%2fassets.py"])
def test_nothing_else_is_served(name: str) -> None:
    assert Client().get(f"/assets/0123456789ab/{name}").status_code == 404


def test_what_a_module_imports_is_there() -> None:
    """The browser asks for it at an address beside the module's own."""
    for name in FILES:
        if name.endswith(".js"):
            text = (FOLDER / name).read_text()
            for wanted in re.findall(r'from "\./([^"]+)"', text):
                assert wanted in FILES, f"{name} imports {wanted}"


def test_no_module_makes_markup_of_a_text() -> None:
    forbidden = re.compile(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|srcdoc"
    )
    for name in FILES:
        if name.endswith(".js"):
            assert not forbidden.search((FOLDER / name).read_text()), name


def test_the_page_has_each_text_it_shows() -> None:
    """In templates `t.name`; in modules `t("name")`. A missing one would show its name."""
    groups = (texts.COMMON, texts.FORM, texts.PROGRESS, texts.PATH, texts.STEP, texts.ACCOUNT)
    names = {name for group in groups for name in group}
    templates = FOLDER.parents[1] / "templates" / "reune"
    sources = [path.read_text() for path in (*FOLDER.glob("*.js"), *templates.iterdir())]
    used = {name for text in sources for name in re.findall(r'\bt\("(\w+)"|\{\{ t\.(\w+)', text)}
    assert {one or other for one, other in used} <= names
