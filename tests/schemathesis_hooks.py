"""
What Schemathesis has to know of the API that no schema can say; loaded by its command line.

A failure that is dropped here is no fault of the server: each has its reason.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Any

import schemathesis
from schemathesis import Case, HookContext
from schemathesis.core.failures import AcceptedNegativeData, Failure
from schemathesis.core.transport import Response
from schemathesis.openapi.checks import RejectedPositiveData

GENERATE = "/generate_mcp_async"
LONGEST_KEY = 200
#: Seconds that a request may wait for a task; of 25 each, a thousand would take hours.
LONGEST_WAIT = 1


@schemathesis.hook
def map_case(context: HookContext, case: Case) -> Case:
    """Have nobody wait for long."""
    wait = (case.query or {}).get("wait")
    if isinstance(wait, int) and LONGEST_WAIT < wait <= 25:
        case.query["wait"] = LONGEST_WAIT
    return case


@schemathesis.hook
def filter_failure(context: HookContext, failure: Failure, case: Case, response: Response) -> bool:
    if isinstance(failure, RejectedPositiveData) and response.status_code == 400:
        errors = response.json().get("errors", [])
        return not errors or not all(_is_beyond_schemas(error, case) for error in errors)
    if isinstance(failure, AcceptedNegativeData) and case.path == GENERATE:
        return not _is_overridden(case)
    return True


def _is_beyond_schemas(error: Mapping[str, str], case: Case) -> bool:
    """Whether the schema's words have no way to say what is wrong."""
    field, message = error["field"], error["message"]
    if message.startswith(f"{field}="):
        return True  # several numbers that are right and make no tree together
    if field == "Idempotency-Key":  # its description says how long it may be, and of what
        key = str((case.headers or {}).get(field, "")).strip()
        return len(key) > LONGEST_KEY or not key.isprintable()
    given = _given(case, field)
    if field == "topic" and given is None:
        return case.path == GENERATE  # it may come in the query string or in the body
    return field in ("topic", "category") and isinstance(given, str) and _is_no_line(given, field)


def _given(case: Case, name: str) -> Any:
    body = case.body if isinstance(case.body, Mapping) else {}
    body = body.get("params", body)
    return (case.query or {}).get(name, body.get(name))


def _is_no_line(text: str, field: str) -> bool:
    """Control characters, or too short when spaces are collapsed, or long by its accents."""
    line = " ".join(unicodedata.normalize("NFC", text).split())
    lowest, highest = {"topic": (3, 200), "category": (0, 100)}[field]
    has_controls = any(unicodedata.category(char) in ("Cc", "Cs") for char in text)
    return has_controls or not lowest <= len(line) <= highest


def _is_overridden(case: Case) -> bool:
    """The query string goes first: what is wrong in the body may not count."""
    return bool(case.query) and isinstance(case.body, Mapping)
