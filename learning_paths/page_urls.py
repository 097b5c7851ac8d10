"""When two addresses are the same page: a canonical form to compare by, never to link to."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

_TRACKING = re.compile(r"utm_\w+|gclid|fbclid|ref|si|feature|t")
# A fragment that names a section: #if-statements, #História. Not #:~:text=…, #!/route, #t=90.
_SECTION = re.compile(r"[^\W_][\w.()%,'-]*")
_WIKIS = ("wikipedia.org", "wikibooks.org", "wikiversity.org", "wikisource.org")
_YOUTUBE_PATH = re.compile(r"/(?:shorts|embed|live|v)/([\w-]+)")
_ARXIV_PATH = re.compile(r"/(?:abs|pdf|html)/(.+?)(?:v\d+)?(?:\.pdf)?")


def canonical_url(url: str) -> str:
    """
    Return the address by which copies of `url` are known.

    Without scheme differences, `www.` and `m.`, default port, tracking parameters, trailing
    slash, and any fragment that names no section: two sections of a long page are two things
    to read. It may not answer (some sites exist with `www.` only), so links keep the address
    as it was given.
    """
    parts = urlsplit(url.strip())
    host = host_of(url)
    path = unquote(parts.path).rstrip("/")
    query = sorted(
        (name, value)
        for name, value in parse_qsl(parts.query, keep_blank_values=True)
        if not _TRACKING.fullmatch(name)
    )
    host, path, query = _same_site(host, path, query)
    section = unquote(parts.fragment)
    fragment = f"#{section}" if _SECTION.fullmatch(section) else ""
    return f"https://{host}{path}{'?' if query else ''}{urlencode(query)}{fragment}"


def host_of(url: str) -> str:
    """Return the host in lower case, without port, `www.` and the mobile `m.`; "" if none."""
    host = (urlsplit(url.strip()).hostname or "").removeprefix("www.").removeprefix("m.")
    return host.replace(".m.", ".", 1) if host.endswith(_WIKIS) else host


def _same_site(
    host: str, path: str, query: list[tuple[str, str]]
) -> tuple[str, str, list[tuple[str, str]]]:
    """Bring the several forms of an address that some sites have to one."""
    if host == "youtu.be":
        return "youtube.com", "/watch", [("v", path.lstrip("/"))]
    if host == "youtube.com" and (video := _YOUTUBE_PATH.fullmatch(path)):
        return host, "/watch", [("v", video[1])]
    if host in ("arxiv.org", "export.arxiv.org") and (paper := _ARXIV_PATH.fullmatch(path)):
        return "arxiv.org", f"/abs/{paper[1]}", []
    if host in ("doi.org", "dx.doi.org"):
        return "doi.org", path.lower(), query
    return host, path, query
