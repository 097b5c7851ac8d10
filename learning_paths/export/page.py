"""
A path as one HTML page to read and print, with nothing to load and nothing that runs.

The template escapes all it is given. The page's policy allows its own style sheet, known by its
hash, and nothing else: should a text get through, it still does nothing.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache

from django.template.loader import render_to_string
from django.utils.safestring import mark_safe

from learning_paths.export.content import Content
from learning_paths.export.words import labels

_POLICY = (
    "default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)


def page(content: Content) -> str:
    """Return the whole page."""
    context = {
        "content": content,
        "words": labels(),
        # Ours, not the path's; as it is, so that its hash is the policy's.
        "style": mark_safe(_style()),
    }
    return render_to_string("learning_paths/path.html", context)


@cache
def content_security_policy() -> str:
    """Return the header for the page."""
    digest = hashlib.sha256(_style().encode()).digest()
    return _POLICY.format(digest=base64.b64encode(digest).decode())


@cache
def _style() -> str:
    return render_to_string("learning_paths/path.css")
