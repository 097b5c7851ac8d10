"""
What an exported path says, in order, as plain text: the document in the words of its reader.

Markdown and page are made of this and decide nothing but form. The active translation is the
path's language. No text here is safe to put into a page; every `href` is safe_url's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from string import ascii_uppercase

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from learning_paths.export.blocks import Block, blocks
from learning_paths.export.links import licence_url, safe_url
from learning_paths.export.words import hours_and_minutes, kind_of_page, level_name
from learning_paths.schema import (
    Attribution,
    ExerciseItem,
    LearningPathDocument,
    NodeItem,
    QuestionItem,
    ResourceItem,
    SourceItem,
)

#: Options of up to so many characters stand two in a row.
_SHORT = 36


@dataclass(frozen=True)
class Link:
    """`href` is empty where the address is none to follow, `note` says the rest in a line."""

    text: str
    href: str
    note: str = ""
    description: str = ""
    licence: str = ""
    licence_href: str = ""


@dataclass(frozen=True)
class Exercise:
    """`answer` is the short one, `solution` the whole of it; either may be empty."""

    number: str
    title: str
    time: str
    task: Sequence[Block]
    options: Sequence[tuple[str, str]]
    checklist: Sequence[str]
    has_line: bool
    answer: str
    solution: Sequence[Block]


@dataclass(frozen=True)
class Question:
    number: str
    text: str
    options: Sequence[tuple[str, str]]
    are_short: bool
    answer: str
    explanation: str


@dataclass(frozen=True)
class Lesson:
    """`after` is the numbers of the lessons that come first."""

    number: int
    title: str
    description: str
    facts: str
    level: str
    time: str
    after: str
    objectives: Sequence[str]
    notes: Sequence[str]
    pages: Sequence[Link]
    exercises: Sequence[Exercise]
    questions: Sequence[Question]


@dataclass(frozen=True)
class Week:
    name: str
    time: str
    lessons: Sequence[str]


@dataclass(frozen=True)
class Content:
    language: str
    title: str
    summary: str
    facts: str
    objectives: Sequence[str]
    knowledge: Sequence[str]
    plan: str
    weeks: Sequence[Week]
    lessons: Sequence[Lesson]
    remarks: Sequence[str]
    credits: Sequence[Link]
    sources: Sequence[Link]
    is_derived: bool
    maker: str


def content_of(document: LearningPathDocument) -> Content:
    """Return what there is to say of a path, its lessons in the order of learning."""
    nodes = document["nodes"]
    in_order = sorted(nodes.values(), key=lambda node: node["order"])
    numbers = {node["id"]: node["order"] + 1 for node in in_order}
    return Content(
        language=document["language"],
        title=document["title"],
        summary=document["description"],
        facts=_facts(document),
        objectives=document["objectives"],
        knowledge=document["prerequisiteKnowledge"],
        plan=_plan(document),
        weeks=_weeks(document, numbers),
        lessons=[_lesson(_own(nodes[name]), numbers) for name in numbers],
        remarks=[one["message"] for one in document["diagnostics"]],
        credits=[_credit(one) for one in document["attribution"]],
        sources=[_source(one) for one in document["sources"]],
        is_derived=document["generator"]["mode"] != "catalogue",
        maker=_maker(document),
    )


def _own(node: NodeItem) -> NodeItem:
    """Return the node; the root without what is said of the path as a whole already."""
    if node["parentId"] is None:
        return {**node, "description": "", "objectives": []}
    return node


def _facts(document: LearningPathDocument) -> str:
    count = document["stats"]["nodes"]
    lessons = ngettext("%(count)d lesson", "%(count)d lessons", count) % {"count": count}
    minutes = sum(node["minutes"] for node in document["nodes"].values())
    return " · ".join([lessons, hours_and_minutes(minutes), _levels(document)])


def _levels(document: LearningPathDocument) -> str:
    """Return whom the path is for, else how hard it is."""
    return level_name(document["request"].get("level") or document["metadata"]["difficulty"])


def _maker(document: LearningPathDocument) -> str:
    generator = document["generator"]
    return f"Reune {generator['version']} · {document['id']}"


# --- lessons ---------------------------------------------------------------------------------


def _lesson(node: NodeItem, numbers: Mapping[str, int]) -> Lesson:
    number = numbers[node["id"]]
    before = sorted(numbers[name] for name in node["prerequisites"])
    exercises = node["exerciseSet"]["exercises"] if node["exerciseSet"] else []
    questions = node["quiz"]["questions"] if node["quiz"] else []
    facts = [hours_and_minutes(node["minutes"]), level_name(node["difficulty"])]
    return Lesson(
        number=number,
        title=node["title"],
        description=node["description"],
        facts=" · ".join([*facts, *([_("optional")] if node["optional"] else [])]),
        level=level_name(node["difficulty"]),
        time=hours_and_minutes(node["minutes"]),
        after=", ".join(map(str, before)),
        objectives=node["objectives"],
        # A hint that only says the objective again is none on a page that has both.
        notes=[hint for hint in node["hints"] if not any(map(hint.count, node["objectives"]))],
        pages=[_page(one) for one in node["resources"]],
        exercises=[_exercise(one, f"{number}.{i}") for i, one in enumerate(exercises, start=1)],
        questions=[_question(one, f"{number}.{i}") for i, one in enumerate(questions, start=1)],
    )


def _page(page: ResourceItem) -> Link:
    minutes = page.get("readTime") or page.get("duration") or 0
    notes = [
        kind_of_page(page["type"]),
        hours_and_minutes(minutes) if minutes else "",
        page["source"],
        page["author"] or "",
        page["license"] or "",
    ]
    return Link(
        text=page["title"],
        href=safe_url(page["url"]),
        note=" · ".join(note for note in notes if note),
        description=page["description"],
    )


def _exercise(exercise: ExerciseItem, number: str) -> Exercise:
    options = _lettered(exercise.get("options", ()))
    answer = exercise["correctAnswer"]
    if options and answer.isdigit():
        answer = " ".join(options[int(answer)])
    if exercise["solution"].startswith(f"{answer}\n"):
        answer = ""  # the solution begins with it
    return Exercise(
        number=number,
        title=exercise["title"],
        time=hours_and_minutes(exercise["minutes"]),
        task=blocks(exercise["instructions"]),
        options=options,
        # What is to be seen in a good result is the solution as well; once is enough.
        checklist=exercise["checklist"],
        has_line=exercise["verificationMethod"] == "text_match",
        answer=answer,
        solution=[] if _repeats_the_checklist(exercise) else blocks(exercise["solution"]),
    )


def _repeats_the_checklist(exercise: ExerciseItem) -> bool:
    points = [block.lines for block in blocks(exercise["solution"]) if block.kind == "points"]
    return bool(points) and points == [tuple(exercise["checklist"])]


def _question(question: QuestionItem, number: str) -> Question:
    options = _lettered(question["options"])
    return Question(
        number=number,
        text=question["text"],
        options=options,
        are_short=max(map(len, question["options"])) <= _SHORT,
        answer=" ".join(options[question["correctOptionIndex"]]),
        explanation=question["explanation"],
    )


def _lettered(options: Sequence[str]) -> list[tuple[str, str]]:
    return [(f"{letter})", text) for letter, text in zip(ascii_uppercase, options, strict=False)]


# --- weeks -----------------------------------------------------------------------------------


def _plan(document: LearningPathDocument) -> str:
    """Return the plan's total as a sentence; "" without one."""
    plan = document.get("weekPlan")
    if plan is None:
        return ""
    return ngettext(
        "%(weeks)d week at %(hours)d h a week, %(total)s in all.",
        "%(weeks)d weeks at %(hours)d h a week, %(total)s in all.",
        plan["totalWeeks"],
    ) % {
        "weeks": plan["totalWeeks"],
        "hours": plan["hoursPerWeek"],
        "total": hours_and_minutes(plan["totalMinutes"]),
    }


def _weeks(document: LearningPathDocument, numbers: Mapping[str, int]) -> list[Week]:
    plan = document.get("weekPlan")
    return [
        Week(
            name=_("Week %(number)d") % {"number": week["week"]},
            time=hours_and_minutes(week["minutes"]),
            lessons=[
                f"{numbers[one['id']]}. {document['nodes'][one['id']]['title']}"
                + (f" ({one['part']}/{one['parts']})" if one["parts"] > 1 else "")
                for one in week["nodes"]
            ],
        )
        for week in (plan["weeks"] if plan else ())
    ]


# --- credit ----------------------------------------------------------------------------------


def _credit(one: Attribution) -> Link:
    return Link(
        text=one["title"],
        href=safe_url(one["url"]),
        note=" · ".join(filter(None, [one["author"], one["source"]])),
        licence=one["license"],
        licence_href=licence_url(one["license"]),
    )


def _source(one: SourceItem) -> Link:
    return Link(
        text=one["name"],
        href=safe_url(one["url"]),
        licence=one["license"] or "",
        licence_href=licence_url(one["license"]),
    )
