"""Good answers made bad: what a source may say when its API changes."""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Callable, Iterator, Mapping
from dataclasses import is_dataclass
from types import UnionType
from typing import Any, Literal, get_args, get_origin, get_type_hints
from urllib.parse import parse_qsl

from learning_paths.exceptions import SourceError
from tests.content import faults
from tests.content.server import ContentServer
from tests.content.services import SERVICES

_INSTEAD: tuple[Any, ...] = (None, "x", -1, 1e999, [], {}, ["x"], {"x": "y"}, True)


def check(content: ContentServer, service: str, ask: Callable[[], Any]) -> int:
    """
    Repeat what `ask` asks with each value of the answers left out and of another type.

    `ask` has to ask anew each time, and returns what the source made of it. What is not as its
    annotations say fails here, and any error that is no SourceError comes through. Returns how
    many answers were tried.
    """
    content.seen.clear()
    ask()
    bodies = [
        SERVICES[service].answer(seen.path, parse_qsl(seen.query))[1]
        for seen in content.asked(service)
    ]
    tried = 0
    for place, body in enumerate(bodies):
        for bad in spoiled(body):
            content.heal()
            content.fault(service, *map(_says, bodies[:place]), _says(bad))
            tried += 1
            with contextlib.suppress(SourceError):
                is_as_annotated(ask())
    content.heal()
    return tried


def spoiled(body: Any) -> Iterator[Any]:
    """Yield `body` with one value less, and with one of another type."""
    for path in [*_paths(body)]:
        without = copy.deepcopy(body)
        del _parent(without, path)[path[-1]]
        yield without
        for value in _INSTEAD:
            other = copy.deepcopy(body)
            _parent(other, path)[path[-1]] = value
            yield other


def is_as_annotated(value: Any) -> None:
    if is_dataclass(value) and not isinstance(value, type):
        for name, hint in get_type_hints(type(value)).items():
            _is_of(hint, getattr(value, name), name)
    elif isinstance(value, Mapping):
        for one in value.values():
            is_as_annotated(one)
    elif isinstance(value, list | tuple | set | frozenset):
        for one in value:
            is_as_annotated(one)


def _is_of(hint: Any, value: Any, name: str) -> None:
    origin, inner = get_origin(hint), get_args(hint)
    if origin is UnionType:
        assert any(type(value) is kind for kind in inner), (name, value)
    elif origin is Literal:
        assert value in inner, (name, value)
    elif origin is tuple:
        for one in value:
            _is_of(inner[0], one, name)
    elif origin is Mapping:
        for key, one in value.items():
            _is_of(inner[0], key, name)
            _is_of(inner[1], one, name)
    elif is_dataclass(hint):
        is_as_annotated(value)
    else:
        assert type(value) is hint, (name, value)


def _says(body: Any) -> faults.Fault:
    return faults.says(200, body)


def _paths(value: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if isinstance(value, dict):
        names: Any = list(value)
    elif isinstance(value, list):
        names = range(min(2, len(value)))  # the rest are alike
    else:
        return
    for name in names:
        yield (*above, name)
        yield from _paths(value[name], (*above, name))


def _parent(body: Any, path: tuple[Any, ...]) -> Any:
    for name in path[:-1]:
        body = body[name]
    return body
