"""
The words of the page, for its templates and, as JSON, for its modules.

`%(name)s` in a text is filled in where it is shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Texts = Mapping[str, Promise]

#: On every page.
COMMON: Final[Texts] = {
    "name": _("Reune"),
    "tagline": _("Learning paths for any topic"),
    "skip": _("Skip to the content"),
    "language": _("Language"),
    "dark": _("Dark mode"),
    "api": _("API"),
    "account": _("Language, look and account"),
    "sign_in": _("Sign in"),
    "sign_out": _("Sign out"),
    "away": _("The server does not answer. Trying again."),
    "status_pending": _("Waiting"),
    "status_running": _("Running"),
    "status_completed": _("Ready"),
    "status_failed": _("Failed"),
    "status_canceled": _("Canceled"),
    "cancel": _("Cancel"),
    "resume": _("Resume"),
    "delete": _("Delete"),
    "really_delete": _("Delete for good?"),
    "press_again": _("Press again to delete it for good."),
    "refused": _("That could not be done."),
}

#: The form.
FORM: Final[Texts] = {
    "headline": _("What do you want to learn?"),
    "lead": _(
        "Name a topic. You get a path from the first step to the last, with what to read and"
        " watch, quizzes and exercises for each step."
    ),
    "topic": _("Topic"),
    "topic_example": _("For example: %(topic)s"),
    "topics": _("In the catalogue"),
    "path_language": _("Language of the path"),
    "size": _("Size"),
    "size_short": _("Short"),
    "size_standard": _("Standard"),
    "size_thorough": _("Thorough"),
    "size_full": _("Everything"),
    "steps": _("steps"),
    "learner": _("Your level"),
    "level_any": _("Any level"),
    "hours_per_week": _("Hours a week"),
    "hours_example": _("For a plan by weeks"),
    "more": _("More options"),
    "more_help": _("The shape of the tree and what goes into it. The defaults suit most topics."),
    "max_resources": _("Resources at most"),
    "min_width": _("Steps on a level, at least"),
    "max_width": _("Steps on a level, at most"),
    "min_height": _("Levels, at least"),
    "max_height": _("Levels, at most"),
    "similarity_threshold": _("Least similarity of a resource, 0 to 1"),
    "category": _("Category"),
    "category_help": _("Optional; replaces the catalogue's."),
    "submit": _("Make the path"),
    "submitting": _("One moment …"),
    "not_accepted": _("This could not be accepted yet."),
    "mine": _("My paths"),
    "mine_none": _(
        "Nothing yet. What you ask for is listed here, and goes on when you close the page."
    ),
    "mine_more": _("Show more"),
    "deleted": _("Deleted: %(topic)s"),
    "resumed": _("Resumed: %(topic)s"),
    "canceled_one": _("Canceled: %(topic)s"),
}

#: A task that is on its way, or has ended badly.
PROGRESS: Final[Texts] = {
    "making": _("Your path is being made"),
    "keeps_going": _(
        "You can close this page: the work goes on, and this address leads back to it."
    ),
    "place_one": _("Next in line"),
    "place": _("Place %(place)s in line"),
    "no_place": _("Waiting for another of your paths to finish"),
    "retry_at": _("An attempt failed. Trying again at %(time)s."),
    "starting": _("Starting"),
    "canceling": _("Canceling …"),
    "progress": _("Progress"),
    "messages": _("What happened so far"),
    "failed_head": _("This path could not be made"),
    "canceled_head": _("This path was canceled"),
    "canceled_text": _("Nothing that was finished is lost: resume it to go on from there."),
    "try_other": _("Try another topic"),
    "gone": _("This path is no longer there."),
    "reload": _("This page reloads by itself every few seconds."),
    "needs_script": _(
        "Quizzes, the tree and your progress need JavaScript. Here is the path as a list."
    ),
    "loading": _("Opening the path …"),
}

#: A finished path.
PATH: Final[Texts] = {
    "ready": _("Your path is ready"),
    "hours_one": _("%(count)s hour"),
    "hours_other": _("%(count)s hours"),
    "steps_one": _("%(count)s step"),
    "steps_other": _("%(count)s steps"),
    "resources_one": _("%(count)s resource"),
    "resources_other": _("%(count)s resources"),
    "questions_one": _("%(count)s question"),
    "questions_other": _("%(count)s questions"),
    "exercises_one": _("%(count)s exercise"),
    "exercises_other": _("%(count)s exercises"),
    "done_of": _("%(done)s of %(count)s steps done"),
    "kept_here": _("Your progress is kept in this browser."),
    "start": _("Start"),
    "go_on": _("Continue: %(title)s"),
    "all_done": _("All steps are done. Well done!"),
    "share": _("Copy link"),
    "shared": _("Link copied"),
    "download": _("Download"),
    "print": _("Print"),
    "about": _("About this path"),
    "objectives": _("What you will be able to do"),
    "knowledge": _("What you should know before"),
    "sources": _("Sources"),
    "attribution": _("Credits"),
    "notes": _("Notes"),
    "map": _("Map"),
    "outline": _("List"),
    "weeks": _("Weeks"),
    "week": _("Week %(number)s"),
    "part": _("part %(part)s of %(parts)s"),
    "view": _("View"),
    "map_label": _(
        "Map of the path. Arrow keys move between steps, Enter opens one, plus and minus zoom."
    ),
    "level": _("Level %(level)s"),
    "zoom_in": _("Zoom in"),
    "zoom_out": _("Zoom out"),
    "zoom_fit": _("Show everything"),
    "legend_needs": _("Comes before"),
    "legend_next": _("Next"),
    "legend_done": _("Done"),
    "legend_optional": _("Optional"),
    "state_done": _("done"),
    "state_next": _("next"),
    "state_later": _("later"),
    "optional": _("Optional"),
    "minutes_short": _("%(count)s min"),
    "hours_minutes": _("%(hours)s h %(minutes)s min"),
    "hours_short": _("%(hours)s h"),
    "beginner": _("Beginner"),
    "intermediate": _("Intermediate"),
    "advanced": _("Advanced"),
}

#: One step of a path.
STEP: Final[Texts] = {
    "step": _("Step %(number)s"),
    "close": _("Close"),
    "you_will": _("You will be able to"),
    "needs": _("Before this step"),
    "resources": _("Resources"),
    "resources_none": _("No resource was found for this step."),
    "tips": _("Study tips"),
    "type_article": _("Article"),
    "type_documentation": _("Documentation"),
    "type_tutorial": _("Tutorial"),
    "type_video": _("Video"),
    "type_course": _("Course"),
    "type_book": _("Book"),
    "type_interactive": _("Interactive"),
    "type_qa": _("Questions and answers"),
    "new_window": _("opens in a new tab"),
    "quiz": _("Quiz"),
    "quiz_pass": _("%(percent)s %% correct answers pass."),
    "question": _("Question %(number)s of %(count)s"),
    "check": _("Check answers"),
    "unanswered": _("Answer every question first. Missing: %(numbers)s."),
    "right": _("Correct."),
    "wrong": _("Not quite. The answer is: %(answer)s"),
    "passed": _("Passed: %(right)s of %(count)s"),
    "not_passed": _("%(right)s of %(count)s. Read the explanations and try again."),
    "again": _("Try again"),
    "read_more": _("Read more"),
    "exercises": _("Exercises"),
    "hint": _("Hint %(number)s of %(count)s"),
    "show_hint": _("Show hint %(number)s of %(count)s"),
    "show_solution": _("Show the solution"),
    "solution": _("Solution"),
    "your_answer": _("Your answer"),
    "check_one": _("Check"),
    "not_yet": _("Not yet. Try again, or take a hint."),
    "checklist": _("Check for yourself"),
    "expected_output": _("Expected output"),
    "mark_done": _("Mark as done"),
    "marked_done": _("Done"),
    "next_step": _("Next: %(title)s"),
}

#: Errors and signing in.
ACCOUNT: Final[Texts] = {
    "not_found_head": _("There is nothing here"),
    "not_found_text": _("This path may have been deleted, or it is somebody else's."),
    "old_form_head": _("This form cannot be used any more"),
    "old_form_text": _("Go back, load the page again, and send it once more. It needs cookies."),
    "away_head": _("The database does not answer"),
    "away_text": _("Nothing is lost. Try again in a moment."),
    "back": _("To the start page"),
    "sign_in_text": _("Paths are made for those who are signed in."),
    "username": _("User name"),
    "password": _("Password"),
    "sign_in_wrong": _("This user name and password do not fit together."),
}


def in_language(*groups: Texts) -> dict[str, str]:
    """The texts of all `groups` by name, in the active language."""
    return {name: str(text) for group in groups for name, text in group.items()}
