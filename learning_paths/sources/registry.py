"""
Which sources there are: every module of this package that has SOURCES adds its own.

A new source is a module here and its data for the tests, and nothing else.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module

from learning_paths import sources
from learning_paths.conf import Conf
from learning_paths.http import HttpClient
from learning_paths.sources.base import Source


@cache
def all_sources() -> Sequence[type[Source]]:
    """Return every source there is, by name."""
    modules = [
        import_module(f"{sources.__name__}.{module.name}")
        for module in pkgutil.iter_modules(sources.__path__)
    ]
    found = [source for module in modules for source in getattr(module, "SOURCES", ())]
    return sorted(found, key=lambda source: source.name)


def wanted_sources(conf: Conf) -> Sequence[type[Source]]:
    """Return those that the operator did not switch off, set up or not."""
    return [
        source for source in all_sources() if conf.sources is None or source.name in conf.sources
    ]


def open_sources(client: HttpClient, conf: Conf) -> Mapping[str, Source]:
    """Return by name the sources that can be asked, for one job."""
    return {
        source.name: source(client, conf)
        for source in wanted_sources(conf)
        if source.is_set_up(conf)
    }


def missing_sources(conf: Conf) -> Sequence[type[Source]]:
    """Return those that could be asked if a setting were made; `explain_not_set_up` tells which."""
    return [source for source in wanted_sources(conf) if not source.is_set_up(conf)]
