"""
The one HTTP client: how content sources are asked.

An answer is taken from the cache while it is fresh, and from the cache still when the source fails.
Otherwise the job's budget, the host's turn and rest, retries, the limits on time and size, and the
rules on redirects apply, in this order. What comes out is a value, SourceUnavailable or
SourceRejected, and nothing else.
"""

from __future__ import annotations

import hashlib
import json
import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Final, Literal, NamedTuple, Self, TypeVar
from urllib.parse import urljoin, urlsplit

import requests
import urllib3.exceptions

from learning_paths import answers, hosts, watch
from learning_paths.addresses import NotPublic
from learning_paths.answers import Kept
from learning_paths.budget import Budget, BudgetSpent
from learning_paths.conf import Conf
from learning_paths.exceptions import Reason, SourceError, SourceRejected, SourceUnavailable
from learning_paths.json_bodies import json_of, json_or_none
from learning_paths.sessions import new_public_session, new_session

logger = logging.getLogger(__name__)

Value = TypeVar("Value")

#: A list stands for a parameter that is given several times.
Params = Mapping[str, str | list[str]]

RETRIES: Final = 2
RETRIED_STATUSES: Final = frozenset({429, 502, 503, 504})
MOST_REDIRECTS: Final = 4
#: For one request with its redirects. A source that sends a byte a second never runs into the read
#: timeout.
LONGEST_REQUEST_SECONDS: Final = 20.0

# Small, so that little is unpacked at once: deflate makes up to 1,032 bytes of one.
_CHUNK_BYTES = 16_384


@dataclass(frozen=True)
class Reply:
    """What a host said. `json` is None if the body is no JSON; header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    json: Any

    @property
    def retry_after(self) -> float | None:
        """Seconds, from either form of the header."""
        return _seconds(self.headers.get("retry-after", ""))


class Hop(NamedTuple):
    """A redirect: its status, and where it led to."""

    status: int
    url: str


@dataclass(frozen=True)
class Complaint:
    """Why a reply is no answer. `retry_after` is in seconds, if the source names a time."""

    reason: Reason
    detail: str = ""
    retry_after: float | None = None
    is_retried: bool = False


@dataclass(frozen=True)
class Answer:
    """A good answer: JSON without anything PostgreSQL cannot hold, and when the source gave it."""

    json: Any
    retrieved_at: datetime


@dataclass(frozen=True)
class Service:
    """
    Where and how to ask one source.

    `complaint` reads what the source hides in a body, whatever the status; None leaves it to the
    status. `pause_after` says for how many seconds a good answer wants the source left alone.
    `secrets` are parameters that appear in no log, message or cache key.
    """

    title: str
    url: str
    complaint: Callable[[Reply], Complaint | None] = lambda reply: None
    pause_after: Callable[[Any], float] = lambda json: 0.0
    fresh_for: timedelta = timedelta(days=7)
    headers: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)


#: How code fails that reads a body which is not as expected.
MISREADINGS: Final = (
    LookupError,
    TypeError,
    ValueError,
    AttributeError,
    ArithmeticError,
    RecursionError,
)


class _Failed(Exception):
    """One request failed; says whether another try may do better, and when."""

    def __init__(self, complaint: Complaint, *, is_final: bool = False) -> None:
        super().__init__(complaint.reason)
        self.complaint = complaint
        self.is_final = is_final


class HttpClient:
    """
    Asks for one job; to be closed after it. Its threads may share it.

    Proxies and passwords of the environment are not used: what a source is asked by is in the
    settings alone.
    """

    def __init__(self, conf: Conf, budget: Budget | None = None) -> None:
        self._conf = conf
        self.budget = budget or Budget(
            seconds=conf.network_time.total_seconds(), calls=conf.network_calls
        )
        self._trusted = new_session(conf)
        self._public = new_public_session(conf)

    def ask(self, service: Service, params: Params, read: Callable[[Answer], Value]) -> Value:
        """
        Return what `read` makes of the source's answer to `params`.

        `read` may fail with the errors of a body that is not as expected (KeyError, TypeError,
        ValueError and their like): it counts as unreadable, and is not kept.
        """
        key = _key(service, params)
        kept = answers.find(key)
        if kept and kept.is_younger_than(service.fresh_for):
            return _read(service, kept, read)
        try:
            with self._turn_at(urlsplit(service.url).netloc, service.title):
                fresh = self._with_retries(service, params, kept)
            value = _read(service, fresh, read)
        except SourceError as error:
            watch.source_failed(service.title, error.reason.value)
            if isinstance(error, SourceUnavailable):
                logger.info("source_unavailable source=%s reason=%s", service.title, error.reason)
            if kept is None or not isinstance(error, SourceUnavailable):
                raise
            return _read(service, kept, read)
        answers.keep(key, fresh)
        return value

    def post(self, service: Service, body: Any) -> Reply:
        """
        Send `body` as JSON, once, and return the reply, be it a refusal or a redirect.

        It may take the read timeout in all. Nothing is kept, tried again or followed: a key goes
        to the one address that the operator named. Raises SourceUnavailable and SourceRejected.
        """
        # The endpoint is the operator's own, and may well answer several workers at once.
        with self._turn_at(urlsplit(service.url).netloc, service.title, among_workers=False):
            return self._posted(service, body)

    def look(self, url: str, method: Literal["HEAD", "GET"]) -> tuple[Reply, list[Hop]]:
        """
        Return what stands at an address, whatever its status, and the redirects that led there.

        One try, past the cache. The address is trusted, redirects to other hosts are not. Raises
        SourceError.
        """
        hops: list[Hop] = []
        with self._turn_at(urlsplit(url).netloc, url):
            self.budget.take_call()
            return self._reply(url, {}, {"Accept": "text/html, */*"}, method, hops), hops

    def close(self) -> None:
        """End the job: whoever still waits gives up at the next step."""
        self.budget.end()
        self._trusted.close()
        self._public.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    @contextmanager
    def _turn_at(self, host: str, title: str, *, among_workers: bool = True) -> Iterator[None]:
        """Hold the host's turn, note whether it answered, and raise SourceError if not."""
        among_workers = among_workers and self._conf.turns_among_workers
        try:
            with hosts.turn(host, self.budget, among_workers=among_workers):
                yield
                hosts.has_answered(host)
        except BudgetSpent:
            raise SourceUnavailable(title, Reason.BUDGET) from None
        except hosts.AtRest as rest:
            wait = timedelta(seconds=rest.seconds)
            raise SourceUnavailable(title, Reason.RESTING, retry_after=wait) from None
        except _Failed as failure:
            raise self._given_up(title, host, failure) from None

    def _with_retries(self, service: Service, params: Params, kept: Kept | None) -> Kept:
        for number in range(RETRIES + 1):
            self.budget.take_call()
            try:
                return self._once(service, params, kept)
            except _Failed as failure:
                pause = failure.complaint.retry_after
                if pause is None:
                    pause = self._conf.retry_pause.total_seconds() * 2**number
                is_last = number == RETRIES or not failure.complaint.is_retried
                if is_last or pause > hosts.PATIENCE_SECONDS:
                    raise
                self._pause_before_retry(pause, failure)
        raise AssertionError("the last try returns or raises")

    def _pause_before_retry(self, seconds: float, failure: _Failed) -> None:
        try:
            self.budget.pause(seconds)
        except BudgetSpent:
            raise failure from None  # what went wrong says more than that there was no time left

    def _posted(self, service: Service, body: Any) -> Reply:
        self.budget.take_call()
        seconds = min(self._conf.read_timeout.total_seconds(), self.budget.remaining())
        request = requests.Request("POST", service.url, json=body, headers=service.headers)
        reply = self._exchange(self._trusted, request, time.monotonic() + seconds)
        complaint = _complaint_by_status(reply)
        if complaint and complaint.reason in (Reason.THROTTLED, Reason.DOWN):
            raise _Failed(complaint)
        return reply

    def _once(self, service: Service, params: Params, kept: Kept | None) -> Kept:
        """Make one request and return the answer, or `kept` if the source says it still holds."""
        headers = {
            **service.headers,
            **({"If-None-Match": kept.etag} if kept and kept.etag else {}),
        }
        reply = self._reply(service.url, {**params, **service.secrets}, headers)
        if reply.status == 304 and kept:
            return Kept(kept.packed, kept.etag, time.time())
        if complaint := _hidden_complaint(service, reply) or _complaint_by_status(reply):
            raise _Failed(complaint)
        if pause := _pause_after(service, reply):
            hosts.rest(urlsplit(service.url).netloc, pause)
        return Kept.of(reply.body, reply.headers.get("etag", ""))

    def _reply(
        self,
        url: str,
        params: Params,
        headers: Mapping[str, str],
        method: str = "GET",
        hops: list[Hop] | None = None,
    ) -> Reply:
        """Follow redirects to the reply, noting them in `hops`. Raises _Failed, and BudgetSpent."""
        deadline = time.monotonic() + min(LONGEST_REQUEST_SECONDS, self.budget.remaining())
        home = urlsplit(url)[:2]
        session = self._trusted
        request = requests.Request(method, url, params=params, headers=headers)
        for _hop in range(MOST_REDIRECTS + 1):
            reply = self._exchange(session, request, deadline)
            target = reply.headers.get("location", "")
            if reply.status not in (301, 302, 303, 307, 308) or not target:
                return reply
            url = _followed(url, target)
            if hops is not None:
                hops.append(Hop(reply.status, url))
            request = requests.Request(method, url, headers=headers)
            if urlsplit(url)[:2] != home:
                # For good: whoever a trusted host names is not trusted, not even to lead back.
                session = self._public
        raise _Failed(Complaint(Reason.DOWN, "redirects without end"))

    def _exchange(
        self, session: requests.Session, request: requests.Request, deadline: float
    ) -> Reply:
        try:
            response = session.send(
                session.prepare_request(request),
                stream=True,
                allow_redirects=False,
                timeout=self._timeouts(deadline),
            )
            with response:
                body = self._body(response, deadline)
        except NotPublic:
            raise _Failed(Complaint(Reason.UNSAFE), is_final=True) from None
        except (requests.Timeout, urllib3.exceptions.TimeoutError, TimeoutError) as error:
            raise _Failed(Complaint(Reason.SLOW, _name(error))) from None
        except (
            requests.RequestException,
            urllib3.exceptions.HTTPError,
            OSError,
            ValueError,
        ) as error:
            # Refused, broken off, no HTTP at all, or redirected to what is no address.
            raise _Failed(Complaint(Reason.DOWN, _name(error), is_retried=True)) from None
        headers = {name.lower(): value for name, value in response.headers.items()}
        return Reply(response.status_code, headers, body, json_or_none(body))

    def _given_up(self, title: str, host: str, failure: _Failed) -> SourceError:
        """Note what the failure says about the host, and return the error for the caller."""
        complaint = failure.complaint
        if failure.is_final or complaint.reason is Reason.REFUSED:
            return SourceRejected(title, complaint.reason, complaint.detail)
        if not self.budget.is_spent:  # else it may have been us who hung up
            hosts.has_failed(host)
        wait = None
        if complaint.retry_after:
            wait = timedelta(seconds=min(complaint.retry_after, hosts.LONGEST_REST_SECONDS))
            hosts.rest(host, complaint.retry_after)
        return SourceUnavailable(title, complaint.reason, complaint.detail, retry_after=wait)

    def _timeouts(self, deadline: float) -> tuple[float, float]:
        left = max(0.001, deadline - time.monotonic())
        return (
            min(left, self._conf.connect_timeout.total_seconds()),
            min(left, self._conf.read_timeout.total_seconds()),
        )

    def _body(self, response: requests.Response, deadline: float) -> bytes:
        """Read what arrives when it arrives, within the deadline and the limit."""
        pieces: list[bytes] = []
        size = 0
        while piece := response.raw.read1(_CHUNK_BYTES, decode_content=True):
            pieces.append(piece)
            size += len(piece)
            if size > self._conf.largest_answer:
                raise _Failed(Complaint(Reason.TOO_LARGE), is_final=True)
            if time.monotonic() > deadline:
                raise TimeoutError("the whole answer took too long")
        return b"".join(pieces)


def _key(service: Service, params: Params) -> str:
    question = json.dumps([service.url, sorted(params.items()), sorted(service.headers.items())])
    return hashlib.sha256(question.encode()).hexdigest()


@contextmanager
def readable(title: str) -> Iterator[None]:
    """Say of a body that is not as the block expects that its source gave nothing to read."""
    try:
        yield
    except MISREADINGS as error:
        raise SourceUnavailable(title, Reason.UNREADABLE, _name(error)) from None


def _read(service: Service, kept: Kept, read: Callable[[Answer], Value]) -> Value:
    with readable(service.title):
        return read(Answer(json_of(kept.body), datetime.fromtimestamp(kept.at, UTC)))


def _hidden_complaint(service: Service, reply: Reply) -> Complaint | None:
    try:
        return service.complaint(reply)
    except MISREADINGS:
        return None


def _pause_after(service: Service, reply: Reply) -> float:
    try:
        return max(0.0, float(service.pause_after(reply.json)))
    except MISREADINGS:
        return 0.0


def _complaint_by_status(reply: Reply) -> Complaint | None:
    detail = str(reply.status)
    is_retried = reply.status in RETRIED_STATUSES
    if reply.status == 429:
        return Complaint(Reason.THROTTLED, detail, reply.retry_after, is_retried)
    if reply.status >= 500:
        return Complaint(Reason.DOWN, detail, reply.retry_after, is_retried)
    if not 200 <= reply.status < 300:
        return Complaint(Reason.REFUSED, detail)
    if reply.json is None:
        return Complaint(Reason.UNREADABLE, reply.headers.get("content-type", "")[:60])
    return None


def _followed(url: str, target: str) -> str:
    try:
        followed = urljoin(url, target)
        parts = urlsplit(followed)
    except ValueError:
        raise _Failed(Complaint(Reason.DOWN, "redirect to no address")) from None
    if parts.scheme not in ("https", urlsplit(url).scheme) or not parts.hostname:
        raise _Failed(Complaint(Reason.UNSAFE, "redirect to another protocol"), is_final=True)
    return followed


def _seconds(header: str) -> float | None:
    """Read Retry-After: seconds, or an HTTP date."""
    if header.strip().isdecimal():
        return float(header)
    try:
        when = parsedate_to_datetime(header)
    except ValueError:
        return None
    if when.tzinfo is None:
        when = when.replace(tzinfo=UTC)
    return max(0.0, (when - datetime.now(UTC)).total_seconds())


def _name(error: Exception) -> str:
    return type(error).__name__
