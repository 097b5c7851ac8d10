"""
Turns the tables of a TOML file into dataclasses, strictly.

A field whose type allows None, a tuple or a bool may be left out: it is None, empty or False then.
A mapping by language has every language or, if it holds tuples, may be left out whole. Anything
else that is missing, unknown or of another type is a CatalogueError that names its place; it has
a line for each of them.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import is_dataclass
from functools import lru_cache, partial
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, cast, get_args, get_origin, get_type_hints

from learning_paths.catalogue.topic import LANGUAGES
from learning_paths.exceptions import CatalogueError

T = TypeVar("T")
K = TypeVar("K", bound=Hashable)

_NAMES = {str: "a text", int: "a whole number", bool: "true or false"}


def read_table(raw: Any, kind: type[T], place: str) -> T:
    """Return a `kind`, which is a dataclass, from a TOML table. `place` leads error messages."""
    if not isinstance(raw, dict):
        raise _wrong(place, "a table", raw)
    hints = _hints(cast(Hashable, kind))
    values = _all(
        {
            name: partial(_value, raw[name], hint, f"{place}: {name}")
            if name in raw
            else partial(_left_out, hint, f"{place}: {name}")
            for name, hint in hints.items()
        },
        [f"{place}: {name}: there is no such field" for name in sorted(raw.keys() - hints.keys())],
    )
    return kind(**values)


def _all(parts: Mapping[K, Callable[[], Any]], said: Iterable[str] = ()) -> dict[K, Any]:
    """Return every part; or raise one CatalogueError with what `said` and all of them say."""
    values, faults = {}, [*said]
    for name, part in parts.items():
        try:
            values[name] = part()
        except CatalogueError as error:
            faults.append(str(error))
    if faults:
        raise CatalogueError("\n".join(faults))
    return values


@lru_cache
def _hints(kind: Hashable) -> dict[str, Any]:
    return get_type_hints(kind)


def _value(raw: Any, hint: Any, place: str) -> Any:
    origin = get_origin(hint)
    if origin is UnionType:
        hint = next(option for option in get_args(hint) if option is not NoneType)
        return _value(raw, hint, place)
    if origin is tuple:
        return _items(raw, get_args(hint)[0], place)
    if origin is Mapping:
        return _by_language(raw, get_args(hint)[1], place)
    if origin is Literal:
        return _choice(raw, get_args(hint), place)
    if is_dataclass(hint) and isinstance(hint, type):
        return read_table(raw, hint, place)
    # bool is an int to Python, and not to an author.
    if type(raw) is not hint:
        raise _wrong(place, _NAMES[hint], raw)
    return raw


def _items(raw: Any, hint: Any, place: str) -> tuple[Any, ...]:
    if not isinstance(raw, list):
        raise _wrong(place, "a list", raw)
    items = {
        number: partial(_value, item, hint, f"{place}[{_label(item, number)}]")
        for number, item in enumerate(raw, start=1)
    }
    return tuple(_all(items).values())


def _label(item: Any, number: int) -> str:
    """Return what an author finds the item by: its id, or its number from 1."""
    return str(item.get("id", number)) if isinstance(item, dict) else str(number)


def _by_language(raw: Any, hint: Any, place: str) -> dict[str, Any]:
    if not isinstance(raw, dict):
        raise _wrong(place, "a table by language", raw)
    said = [
        *(f"{place}: {language} is missing" for language in LANGUAGES if language not in raw),
        *(
            f"{place}: {language} is no language of the catalogue"
            for language in sorted(raw.keys() - set(LANGUAGES))
        ),
    ]
    texts: dict[str, Callable[[], Any]] = {
        language: partial(_value, raw[language], hint, f"{place}.{language}")
        for language in LANGUAGES
        if language in raw
    }
    return _all(texts, said)


def _choice(raw: Any, options: tuple[str, ...], place: str) -> str:
    if raw not in options:
        raise _wrong(place, f"one of {', '.join(options)}", raw)
    return str(raw)


def _left_out(hint: Any, place: str) -> Any:
    origin = get_origin(hint)
    if origin is UnionType:
        return None
    if origin is tuple:
        return ()
    if origin is Mapping and get_origin(get_args(hint)[1]) is tuple:
        return dict.fromkeys(LANGUAGES, ())
    if hint is bool:
        return False
    raise CatalogueError(f"{place} is missing")


def _wrong(place: str, wanted: str, raw: Any) -> CatalogueError:
    return CatalogueError(f"{place}: must be {wanted}, not {raw!r:.60}")
