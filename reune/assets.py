"""
What the page loads, at an address that changes with its content.

So browsers keep it for a year and never ask again. The address names a folder, not a file: the
modules import each other by relative addresses, which no tool rewrites here. WhiteNoise, which
serves the packages' own files, compresses none and knows no such folder.
"""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from tasks.api.responses import takes_gzip

FOLDER = Path(__file__).parent / "static" / "reune"
FOREVER = "public, max-age=31536000, immutable"
#: An address of an earlier or later release, during a roll-out, gets what there is.
NOT_FOREVER = "public, max-age=60"
_TYPES = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8"}


@dataclass(frozen=True)
class Asset:
    content: bytes
    compressed: bytes
    content_type: str


@dataclass(frozen=True)
class Assets:
    """Every file by name, and the digest of them all."""

    digest: str
    files: dict[str, Asset]


def assets() -> Assets:
    """Read once in a process; in debug mode as often as a file is changed."""
    changed_at = max(path.stat().st_mtime_ns for path in _paths()) if settings.DEBUG else 0
    return _read(changed_at)


def address_of(name: str) -> str:
    return reverse("asset", args=[assets().digest, name])


@require_safe
def asset(request: HttpRequest, digest: str, name: str) -> HttpResponse:
    """The file, compressed for who takes it."""
    found = assets()
    file = found.files.get(name)
    if file is None:
        raise Http404
    is_compressed = takes_gzip(request)
    content = file.compressed if is_compressed else file.content
    response = HttpResponse(content, content_type=file.content_type)
    if is_compressed:
        response["Content-Encoding"] = "gzip"
    response["Vary"] = "Accept-Encoding"
    response["Cache-Control"] = FOREVER if digest == found.digest else NOT_FOREVER
    return response


def _paths() -> list[Path]:
    return sorted(path for path in FOLDER.iterdir() if path.is_file())


@lru_cache(maxsize=1)
def _read(changed_at: int) -> Assets:
    digest = hashlib.blake2b(digest_size=6)
    files = {}
    for path in _paths():
        content = path.read_bytes()
        digest.update(path.name.encode() + b"\0" + content)
        kind = _TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "text/plain"
        files[path.name] = Asset(content, gzip.compress(content, 9, mtime=0), kind)
    return Assets(digest.hexdigest(), files)
