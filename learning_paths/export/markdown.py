"""
A path as Markdown (CommonMark), without HTML.

Everything a path says is escaped by `inline`: from sources and callers come texts that would be
links, images, headings or HTML. `<`, `>` and `&` become entities, because not every reader of
Markdown takes `\\<` for a plain sign.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from learning_paths.export.blocks import Block
from learning_paths.export.content import Content, Exercise, Lesson, Link
from learning_paths.export.words import labels

_SPECIAL = re.compile(r"[\\`*\[\]~|$]|(?<![^\W_])_|_(?![^\W_])")
# What begins a heading, a list or an underline when it comes first.
_AT_THE_START = re.compile(r"^(?:[#+=:-]|\d{1,9}(?=[.)]))")
_ENTITY = re.compile(r"&(?=#?\w+;)")


def inline(text: str) -> str:
    """Return a text on one line that means nothing but itself."""
    line = " ".join(text.split())
    line = _SPECIAL.sub(r"\\\g<0>", line)
    line = _ENTITY.sub("&amp;", line).replace("<", "&lt;").replace(">", "&gt;")
    return _AT_THE_START.sub(_escaped_start, line)


def _escaped_start(match: re.Match[str]) -> str:
    start = match[0]
    # A number can not be escaped itself; the sign behind it can, and is not part of the match.
    return f"{start}\\" if start[0].isdigit() else f"\\{start}"


def markdown(content: Content) -> str:
    """Return the whole path, its parts one empty line from each other."""
    lines: list[str] = []
    for line in _lines(content):
        if line or (lines and lines[-1]):
            lines.append(line)
    return "\n".join(lines) + "\n"


def _lines(content: Content) -> Iterator[str]:
    words = labels()
    yield f"# {inline(content.title)}"
    yield from ("", inline(content.summary), "", inline(content.facts))
    yield from _section(words["objectives"], content.objectives)
    yield from _section(words["knowledge"], content.knowledge)
    yield from _heading(2, words["overview"])
    for lesson in content.lessons:
        yield f"{lesson.number}. {inline(lesson.title)} ({inline(lesson.facts)})"
    if content.weeks:
        yield from _heading(2, words["weeks"])
        yield from (inline(content.plan), "")
        for week in content.weeks:
            yield f"- **{inline(week.name)}** ({week.time}): {inline(' · '.join(week.lessons))}"
    for lesson in content.lessons:
        yield from _lesson(lesson, words)
    yield from _answers(content, words)
    yield from _credits(content, words)


def _heading(level: int, text: str) -> Iterator[str]:
    yield from ("", f"{'#' * level} {inline(text)}", "")


def _section(title: str, points: Sequence[str], level: int = 2) -> Iterator[str]:
    if points:
        yield from _heading(level, title)
        yield from _points(points)


def _points(points: Iterable[str], mark: str = "-") -> Iterator[str]:
    return (f"{mark} {inline(point)}" for point in points)


# --- lessons ---------------------------------------------------------------------------------


def _lesson(lesson: Lesson, words: dict[str, str]) -> Iterator[str]:
    yield from ("", f"## {lesson.number}\\. {inline(lesson.title)}", "")
    yield f"*{inline(lesson.facts)}*"
    if lesson.description:
        yield from ("", inline(lesson.description))
    yield from _section(words["learn"], lesson.objectives, 3)
    yield from _section(words["notes"], lesson.notes, 3)
    if lesson.pages:
        yield from _heading(3, words["pages"])
        yield from map(_link, lesson.pages)
    if lesson.exercises:
        yield from _heading(3, words["exercises"])
        for exercise in lesson.exercises:
            yield from _exercise(exercise, words)
    if lesson.questions:
        yield from _heading(3, words["quiz"])
    for question in lesson.questions:
        yield from (f"**{question.number}** {inline(question.text)}", "")
        yield from _options(question.options)
        yield ""


def _link(link: Link) -> str:
    """Return a list item; an address that is none to follow is left out."""
    title = f"[{inline(link.text)}]({link.href})" if link.href else inline(link.text)
    licence = f"[{inline(link.licence)}]({link.licence_href})" if link.licence_href else ""
    details = [inline(link.note), licence or inline(link.licence), inline(link.description)]
    return " – ".join([f"- {title}", *filter(None, details)])


def _exercise(exercise: Exercise, words: dict[str, str]) -> Iterator[str]:
    yield from (f"**{exercise.number} {inline(exercise.title)}** ({exercise.time})", "")
    yield from _blocks(exercise.task)
    if exercise.options:
        yield from _options(exercise.options)
        yield ""
    if exercise.checklist:
        yield from (f"{words['check']}:", "", *_points(exercise.checklist, "- [ ]"), "")


def _options(options: Sequence[tuple[str, str]]) -> Iterator[str]:
    return (f"- {letter} {inline(text)}" for letter, text in options)


def _blocks(found: Sequence[Block]) -> Iterator[str]:
    for block in found:
        if block.kind == "code":
            fence = _fence(block.text)
            yield from (fence, block.text, fence)
        elif block.kind == "points":
            yield from _points(block.lines)
        else:
            yield "\\\n".join(map(_indented, block.lines))
        yield ""


def _fence(program: str) -> str:
    """Return more backticks than stand together anywhere inside, at least three."""
    longest = max(map(len, re.findall(r"`+", program)), default=0)
    return "`" * max(3, longest + 1)


def _indented(line: str) -> str:
    """Keep the spaces at the start, which tell the parts of a program apart."""
    spaces = len(line) - len(line.lstrip(" "))
    return "&nbsp;" * spaces + inline(line)


# --- the end ---------------------------------------------------------------------------------


def _answers(content: Content, words: dict[str, str]) -> Iterator[str]:
    yield from _heading(2, words["answers"])
    for lesson in content.lessons:
        yield from ("", f"### {lesson.number}\\. {inline(lesson.title)}", "")
        for question in lesson.questions:
            explained = f"{inline(question.answer)} – {inline(question.explanation)}"
            yield f"- {words['quiz']} **{question.number}** {explained}"
        yield ""
        for exercise in lesson.exercises:
            if exercise.answer or exercise.solution:
                yield from (f"**{exercise.number} {inline(exercise.title)}**", "")
            if exercise.answer:
                yield from (f"{words['answer']}: {inline(exercise.answer)}", "")
            yield from _blocks(exercise.solution)


def _credits(content: Content, words: dict[str, str]) -> Iterator[str]:
    yield from _section(words["remarks"], content.remarks)
    yield from _heading(2, words["credits"])
    if content.credits:
        yield from (words["derived"] if content.is_derived else words["pages_of"], "")
        yield from map(_link, content.credits)
        yield ""
    if content.sources:
        yield from (words["sources"], "", *map(_link, content.sources), "")
    yield f"{words['made_by']} {inline(content.maker)}"
