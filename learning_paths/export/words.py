"""The export's own words, in the active language."""

from __future__ import annotations

from django.utils.translation import gettext as _


def labels() -> dict[str, str]:
    """Return the headings, and the lines that stand alone."""
    return {
        "overview": _("Overview"),
        "lesson": _("Lesson"),
        "after": _("After"),
        "level": _("Level"),
        "time": _("Time"),
        "objectives": _("What you will be able to do"),
        "knowledge": _("What you should know before"),
        "weeks": _("Week plan"),
        "learn": _("In this lesson"),
        "notes": _("Good to know"),
        "pages": _("To read and watch"),
        "exercises": _("Exercises"),
        "check": _("It is done when"),
        "quiz": _("Quiz"),
        "answer": _("Answer"),
        "answers": _("Answers"),
        "remarks": _("About this path"),
        "credits": _("Credits"),
        "derived": _(
            "Texts of this path are taken from the pages below, shortened and put together anew. "
            "They may be passed on under the same licence."
        ),
        "pages_of": _("The pages this path leads to, under a licence that asks for credit:"),
        "sources": _("Where the pages are from:"),
        "made_by": _("Made by"),
    }


def level_name(level: str) -> str:
    """Return the name of a level; what is none stays as it is."""
    names = {
        "beginner": _("Beginner"),
        "intermediate": _("Intermediate"),
        "advanced": _("Advanced"),
    }
    return names.get(level, level)


def kind_of_page(kind: str) -> str:
    """Return the name of a resource's type; what is none stays as it is."""
    names = {
        "article": _("article"),
        "book": _("book"),
        "course": _("course"),
        "documentation": _("documentation"),
        "interactive": _("interactive"),
        "qa": _("questions and answers"),
        "tutorial": _("tutorial"),
        "video": _("video"),
    }
    return names.get(kind, kind)


def hours_and_minutes(minutes: int) -> str:
    """Return "45 min", "2 h" or "1 h 25 min", which all three languages write alike."""
    hours, rest = divmod(minutes, 60)
    parts = [f"{hours} h"] * bool(hours) + [f"{rest} min"] * bool(rest or not hours)
    return " ".join(parts)
