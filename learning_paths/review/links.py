"""
Whether the pages of the catalogue are still there.

Addresses are asked one after the other, those of different hosts in turn, so that no host is asked
more often than `pause` allows.
"""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, zip_longest
from typing import Literal
from urllib.parse import urlsplit

from learning_paths import hosts
from learning_paths.catalogue.topic import Topic
from learning_paths.exceptions import LearningPathsError, Reason, SourceError
from learning_paths.http import Hop, HttpClient, Reply

State = Literal["fine", "redirected", "moved", "gone", "soft_404", "refused", "unavailable"]

#: What has to be mended, and what was seen to be there.
BROKEN: tuple[State, ...] = ("gone", "soft_404")
SEEN: tuple[State, ...] = ("fine", "redirected", "moved")

PERMANENT = (301, 308)
#: If so many hosts in a row cannot be reached and none could, it is this machine's network.
HOSTS_WITHOUT_ANSWER = 5

# For a host that has enough of us and names no time.
_REST_SECONDS = 60.0

_TITLE = re.compile(r"<title[^>]*>(.*?)</title>", re.IGNORECASE | re.DOTALL)
_NOT_FOUND = re.compile(
    r"\b404\b|not found|não encontrad|nao encontrad|no encontrad|no existe|não existe",
    re.IGNORECASE,
)


class NoNetwork(LearningPathsError):
    """No host could be reached, so nothing is known about the pages."""

    code = "no_network"


@dataclass(frozen=True)
class Link:
    """A page of a topic; `concept` is None for one on the topic as a whole."""

    topic: str
    concept: str | None
    url: str


@dataclass(frozen=True)
class Checked:
    """What was found at a link. `target` is where it leads to, if elsewhere; `detail` says why."""

    link: Link
    state: State
    status: int | None = None
    target: str | None = None
    detail: str = ""


def links_of(topic: Topic) -> list[Link]:
    """Return every page of the topic, in the order of its file."""
    of_concepts = [
        Link(topic.id, concept.id, page.url)
        for concept in topic.concepts
        for page in concept.resources
    ]
    return of_concepts + [Link(topic.id, None, page.url) for page in topic.resources]


class LinkChecker:
    """Asks for pages, and remembers what it learned of their hosts. `pause` is in seconds."""

    def __init__(self, client: HttpClient, *, pause: float) -> None:
        self._client = client
        self._pause = pause
        self._next: dict[str, float] = {}
        self._found: dict[str, Checked] = {}
        # By host, the title it gives to a page that cannot exist; None where it says 404.
        self._wrong_titles: dict[str, str | None] = {}

    def check(self, links: Iterable[Link]) -> Iterator[Checked]:
        """Yield what was found, hosts in turn. Raises NoNetwork."""
        without_answer: set[str] = set()
        has_answered = False
        for link in _hosts_in_turn(links):
            checked = self._checked(link)
            yield checked
            has_answered = has_answered or checked.status is not None
            without_answer.add(urlsplit(link.url).netloc)
            if not has_answered and len(without_answer) >= HOSTS_WITHOUT_ANSWER:
                break
        if without_answer and not has_answered:
            raise NoNetwork(f"no answer from {', '.join(sorted(without_answer))}")

    def _checked(self, link: Link) -> Checked:
        """Ask once for an address that several topics have, and never for its fragment."""
        address = link.url.partition("#")[0]
        if address not in self._found:
            self._found[address] = self._asked(link, address)
        known = self._found[address]
        return Checked(link, known.state, known.status, known.target, known.detail)

    def _asked(self, link: Link, address: str) -> Checked:
        try:
            reply, hops = self._look(address, "HEAD")
            if reply.status not in (200, 429):  # some hosts do not know HEAD, or forbid it
                reply, hops = self._look(address, "GET")
            if reply.status in (429, 503):
                hosts.rest(urlsplit(address).netloc, reply.retry_after or _REST_SECONDS)
            return self._judged(link, address, reply, hops)
        except SourceError as error:
            if error.reason is Reason.TOO_LARGE:
                return Checked(link, "fine", 200, detail="larger than is read")
            return Checked(link, "unavailable", detail=error.reason.value)

    def _judged(self, link: Link, address: str, reply: Reply, hops: list[Hop]) -> Checked:
        target = hops[-1].url if hops else None
        state = _state_by_status(reply.status)
        if state != "fine":
            return Checked(link, state, reply.status, target)
        if hint := self._hint_that_it_is_gone(address, target):
            return Checked(link, "soft_404", reply.status, target, hint)
        if target is None:
            return Checked(link, "fine", reply.status)
        is_for_good = all(hop.status in PERMANENT for hop in hops)
        return Checked(link, "moved" if is_for_good else "redirected", reply.status, target)

    def _hint_that_it_is_gone(self, address: str, target: str | None) -> str:
        """Return why a page that answers 200 may not be there after all; "" if nothing says so."""
        if target and urlsplit(target).path in ("", "/") and urlsplit(address).path.strip("/"):
            return "it leads to the front page"
        wrong_title = self._wrong_title(address)
        if wrong_title is None:
            return ""
        title = _title(self._look(address, "GET")[0])
        if title == wrong_title:
            return f"its title is that of any missing page: {title!r}"
        return f"its title is {title!r}" if _NOT_FOUND.search(title) else ""

    def _wrong_title(self, address: str) -> str | None:
        """
        Return the title the host gives to a page that cannot exist, if it answers that with 200.

        Bar-Yossef et al., "Sic transit gloria telae" (2004): ask for what nobody can have.
        """
        host = urlsplit(address).netloc
        if host not in self._wrong_titles:
            name = hashlib.sha256(host.encode()).hexdigest()[:20]
            reply, _ = self._look(f"{address.rpartition('/')[0]}/{name}", "GET")
            self._wrong_titles[host] = _title(reply) if reply.status == 200 else None
        return self._wrong_titles[host]

    def _look(self, address: str, method: Literal["HEAD", "GET"]) -> tuple[Reply, list[Hop]]:
        host = urlsplit(address).netloc
        if (wait := self._next.get(host, 0.0) - time.monotonic()) > 0:
            self._client.budget.pause(wait)
        try:
            return self._client.look(address, method)
        finally:
            self._next[host] = time.monotonic() + self._pause


def _hosts_in_turn(links: Iterable[Link]) -> Iterator[Link]:
    by_host: dict[str, list[Link]] = {}
    for link in links:
        by_host.setdefault(urlsplit(link.url).netloc, []).append(link)
    rounds = chain.from_iterable(zip_longest(*by_host.values()))
    return (link for link in rounds if link is not None)


def _state_by_status(status: int) -> State:
    if 200 <= status < 300:
        return "fine"
    if status in (404, 410):
        return "gone"
    return "refused" if 400 <= status < 500 and status != 429 else "unavailable"


def _title(reply: Reply) -> str:
    found = _TITLE.search(reply.body.decode("utf-8", "replace"))
    return " ".join(found[1].split()) if found else ""
