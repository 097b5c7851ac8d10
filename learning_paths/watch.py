"""What goes wrong with sources, for whoever counts it: this app does not know who that is."""

from __future__ import annotations

from collections.abc import Callable

#: Hears the source's name and the reason, a word out of few: `timeout`, `status_503`.
Listener = Callable[[str, str], object]

_listeners: list[Listener] = []


def on_source_failure(listener: Listener) -> None:
    _listeners.append(listener)


def source_failed(source: str, reason: str) -> None:
    """Tell that a source could not answer, once for each call of it."""
    for listener in _listeners:
        listener(source, reason)
