"""This app's settings: the dict REUNE_LEARNING_PATHS, as a frozen value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import timedelta

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured


@dataclass(frozen=True)
class Conf:
    #: How long a finished path is given to whoever asks for the same.
    reuse_for: timedelta = timedelta(days=30)
    #: URL or e-mail address of whoever runs this installation, told to every source. Wikimedia
    #: limits clients by it, so without one its projects are not asked.
    contact: str = ""
    #: Sources asked, by name; None asks all that are set up.
    sources: tuple[str, ...] | None = None
    #: Base URLs by source name that take the place of the sources' own; `{language}` may stand in
    #: them. They may be local: whoever sets them is trusted.
    source_urls: Mapping[str, str] = field(default_factory=dict)
    #: API keys by source name.
    source_keys: Mapping[str, str] = field(default_factory=dict)
    #: What one attempt of a job may spend on sources: from its first request on, and in all.
    network_time: timedelta = timedelta(seconds=40)
    network_calls: int = 45
    #: For making a connection, and for each wait for data.
    connect_timeout: timedelta = timedelta(seconds=3)
    read_timeout: timedelta = timedelta(seconds=8)
    #: Before a second try, where the source names no time; doubled before the third.
    retry_pause: timedelta = timedelta(seconds=0.5)
    #: Whether workers take turns at a host; not behind PgBouncer in transaction mode.
    turns_among_workers: bool = True
    #: In bytes, unpacked. The longest articles of Wikipedia are half of it as text.
    largest_answer: int = 3_000_000
    #: Base URL of an OpenAI-compatible endpoint, "" for none, and the model asked there. It may be
    #: local: whoever sets it is trusted.
    llm_url: str = ""
    llm_model: str = ""
    #: Local endpoints need none.
    llm_key: str = field(default="", repr=False)
    #: What one attempt of a job may spend on it, and how long one answer may take.
    llm_time: timedelta = timedelta(seconds=45)
    llm_timeout: timedelta = timedelta(seconds=30)
    #: Two questions, and twice a plainer form of the first where the endpoint refuses it.
    llm_calls: int = 4

    @property
    def has_llm(self) -> bool:
        return bool(self.llm_url and self.llm_model)


def get_conf() -> Conf:
    """Read when used, so that tests can override. Unknown keys raise ImproperlyConfigured."""
    given = getattr(settings, "REUNE_LEARNING_PATHS", {})
    if unknown := given.keys() - {field.name for field in fields(Conf)}:
        raise ImproperlyConfigured(f"REUNE_LEARNING_PATHS: unknown keys {sorted(unknown)}")
    return Conf(**given)
