"""Markdown in which every text means itself, as a parser of CommonMark reads it."""

from __future__ import annotations

import re
from html import escape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from learning_paths.catalogue.topic import LANGUAGES, Language
from learning_paths.export.blocks import Block, blocks
from learning_paths.export.files import exported, file_name
from learning_paths.export.links import licence_url, safe_url
from learning_paths.export.markdown import inline
from tests.learning_paths.export.hostile import ADDRESSES, HOSTILE, hostile_path
from tests.learning_paths.paths import make_path, small_path

READER = MarkdownIt("commonmark").enable(["table", "strikethrough"])

_IN_A_LINE = ("em", "strong", "code", "pre", "br")
SIGNS = st.lists(
    st.sampled_from([*"\\`*_[]()<>&#+-=.!|~$:{}'\"@/ ab1 \n\t", "\u2028", "&amp;", "&#97;", "é"]),
    max_size=12,
).map("".join)


@settings(max_examples=800, deadline=None, derandomize=True)
@given(SIGNS)
def test_a_text_is_read_as_itself(text: str) -> None:
    shown = escape(" ".join(text.split()), quote=False).replace('"', "&quot;")
    if not shown:
        return
    assert READER.render(inline(text)) == f"<p>{shown}</p>\n"
    assert READER.render(f"- {inline(text)}\n") == f"<ul>\n<li>{shown}</li>\n</ul>\n"
    assert READER.render(f"## {inline(text)}\n") == f"<h2>{shown}</h2>\n"
    assert READER.render(f"[{inline(text)}](https://a.example)").endswith(f">{shown}</a></p>\n")


def test_what_a_hostile_path_becomes_is_text_and_links_of_the_web() -> None:
    html = READER.render(exported(hostile_path(), "md"))
    elements = set(re.findall(r"<([^/][^\s>]*)", html))
    assert elements <= {*("h1", "h2", "h3", "p", "ul", "ol", "li", "a"), *_IN_A_LINE}
    links = re.findall(r'href="([^"]*)"', html)
    assert links
    assert all(link.startswith("https://") for link in links)
    assert escape(" ".join(HOSTILE.split()), quote=False).replace('"', "&quot;") in html


def test_no_raw_html_is_in_it_for_readers_that_take_no_backslash_before_a_sign() -> None:
    outside = re.sub(r"^(```+).*?^\1$", "", exported(hostile_path(), "md"), flags=re.S | re.M)
    assert "<" not in outside


@pytest.mark.parametrize("url", ADDRESSES)
def test_only_a_web_address_is_followed_and_none_ends_its_link(url: str) -> None:
    safe = safe_url(url)
    assert safe == "" or safe.startswith("https://evil.example/")
    assert not set(safe) & set("()<>[]\"' \\") - {"'"}


def test_an_address_that_is_written_well_stays_as_it_is() -> None:
    for url in ("https://pt.wikipedia.org/wiki/Vari%C3%A1vel", "https://a.example/x?y=1&z=2#s-t"):
        assert safe_url(url) == url
    assert safe_url("https://a.example/x_(y)") == "https://a.example/x_%28y%29"


def test_licences_of_creative_commons_are_linked() -> None:
    assert licence_url("CC BY-SA 4.0") == "https://creativecommons.org/licenses/by-sa/4.0/"
    assert licence_url("CC BY-NC-SA 3.0") == "https://creativecommons.org/licenses/by-nc-sa/3.0/"
    assert licence_url("CC BY 4.0/../x") == licence_url("PSF-2.0") == licence_url(None) == ""


def test_a_text_has_lines_points_and_programs() -> None:
    text = "One.\n\nTwo:\n- a\n- b\n\n```python\nif x:\n\n\n    y\n```\n\n```\nout```\nend"
    assert blocks(text) == [
        Block("lines", ("One.",)),
        Block("lines", ("Two:",)),
        Block("points", ("a", "b")),
        Block("code", ("if x:", "", "", "    y")),
        Block("lines", ("```", "out```", "end")),
    ]
    assert blocks("") == blocks(" \n ") == []


def test_a_program_keeps_its_lines_and_cannot_end_its_fence() -> None:
    document = hostile_path("x")
    node = document["nodes"][document["rootNodeId"]]
    assert node["exerciseSet"]
    node["exerciseSet"]["exercises"][0]["solution"] = "```\na\n\n\n  ````\nb\n```\n"
    assert "`````\na\n\n\n  ````\nb\n`````\n" in exported(document, "md")


def test_lines_of_a_task_stay_lines_with_their_indent() -> None:
    document = hostile_path("x")
    node = document["nodes"][document["rootNodeId"]]
    assert node["exerciseSet"]
    node["exerciseSet"]["exercises"][0]["instructions"] = "What is seen?\n\nif a:\n    b()"
    assert "<p>if a:<br />\n\u00a0\u00a0\u00a0\u00a0b()</p>" in READER.render(
        exported(document, "md")
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_everything_of_the_path_is_in_it(language: Language) -> None:
    document = small_path(language).document
    html = READER.render(exported(document, "md"))

    def is_there(text: str) -> bool:
        shown = escape(" ".join(text.split()), quote=False).replace('"', "&quot;")
        return shown in html

    for node in document["nodes"].values():
        assert is_there(node["title"])
        for page in node["resources"]:
            assert page["url"] in html
        for question in node["quiz"]["questions"] if node["quiz"] else ():
            assert is_there(question["text"])
            assert all(map(is_there, [*question["options"], question["explanation"]]))
    for credit in document["attribution"]:
        assert is_there(credit["title"])


def test_answers_come_after_all_questions() -> None:
    document = small_path("en").document
    questions, answers = exported(document, "md").split("\n## Answers\n")
    for node in document["nodes"].values():
        for question in node["quiz"]["questions"] if node["quiz"] else ():
            place = question["correctOptionIndex"]
            answer = f"{'ABCD'[place]}) {inline(question['options'][place])} – "
            assert answer in answers
            assert answer not in questions


def test_an_answer_is_not_said_twice() -> None:
    document = hostile_path("x")
    node = document["nodes"][document["rootNodeId"]]
    assert node["exerciseSet"]
    node["exerciseSet"]["exercises"][0] |= {"correctAnswer": "B, A", "solution": "B, A\nWhy."}
    assert exported(document, "md").count("B, A") == 1


def test_the_weeks_are_in_it_if_there_are_any() -> None:
    planned = exported(make_path(language="en", hours_per_week=2).document, "md")
    assert "## Week plan" in planned
    assert "- **Week 1** (" in planned
    assert "Week" not in exported(small_path("en").document, "md")


@pytest.mark.parametrize(
    ("topic", "slug"),
    [
        ("Inteligência artificial", "inteligencia-artificial"),
        ("../../etc/passwd\r\nX: y", "etcpasswd-x-y"),
        ("人工知能", "topic"),
        ("a" * 200, "a" * 60),
    ],
)
def test_a_file_has_a_name_that_every_system_takes(topic: str, slug: str) -> None:
    assert file_name(topic, "pt", "md") == f"learning-path-{slug}-pt.md"
