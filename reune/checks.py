"""What `manage.py check --deploy` finds beyond Django's own checks."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Tags, Warning, register

#: Characters. Django asks for 50 (security.W009), which the 256 bits that Render and
#: `openssl rand -base64 32` make, 44 characters, do not have.
SHORTEST_SECRET_KEY = 32


@register(Tags.security, deploy=True)
def secret_key_cannot_be_guessed(app_configs: Any, **given: Any) -> list[CheckMessage]:
    key = settings.SECRET_KEY
    if len(key) >= SHORTEST_SECRET_KEY and len(set(key)) >= 10:
        return []
    message = "SECRET_KEY is short or simple; who guesses it can run code in the workers."
    hint = "Make one with `openssl rand -base64 32`; docs/operations.md tells how to change it."
    return [Warning(message, hint=hint, id="reune.W001")]
