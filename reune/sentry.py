"""
Errors to Sentry, where SENTRY_DSN names one and sentry-sdk is installed.

It gets what the log gets, from ERROR on, with the request, task and attempt as tags; not what users
wrote, who they are, or the values of variables.
"""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ImproperlyConfigured

from reune import __version__
from tasks.context import particulars


def start(dsn: str) -> None:
    """Raises ImproperlyConfigured without sentry-sdk: who names a Sentry relies on it."""
    try:
        import sentry_sdk
    except ImportError:
        raise ImproperlyConfigured(
            "SENTRY_DSN is set, but sentry-sdk is not installed. Run `pip install sentry-sdk`, or"
            " unset SENTRY_DSN."
        ) from None
    sentry_sdk.init(
        dsn=dsn,
        release=f"reune@{__version__}",
        send_default_pii=False,
        include_local_variables=False,
        max_request_body_size="never",
        max_breadcrumbs=0,
        before_send=_without_content,
    )


def _without_content(event: Any, hint: Any) -> Any:
    event["tags"] = {**(event.get("tags") or {}), **particulars()}
    if request := event.get("request"):
        event["request"] = {"method": request.get("method")}
    return event
