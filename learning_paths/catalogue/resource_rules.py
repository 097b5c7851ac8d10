"""
Rules on the links of a topic. That a page is there, only a person or a network can tell.

A host is on the list after somebody judged it: free to read without an account, kept for years,
nothing to sell beside the page.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date
from urllib.parse import SplitResult, unquote, urlsplit

from learning_paths.catalogue.topic import LANGUAGES, CatalogueResource, Topic
from learning_paths.text import word_count

DESCRIPTION_WORDS = range(4, 26)
#: A course or a book may take weeks; more than this is a slip.
RESOURCE_MINUTES = range(1, 6001)
FEWEST_OF_A_LANGUAGE = 8
TOPIC_WIDE_OF_A_LANGUAGE = range(2, 5)

#: Wikimedia's projects for readers, in the languages of the catalogue.
WIKI_HOST = re.compile(r"(pt|en|es)\.(wikipedia|wikibooks|wikiversity|wikisource)\.org")

HOSTS = frozenset(
    {
        # Wikimedia and foundations that publish free courses and books
        "commons.wikimedia.org",
        "es.khanacademy.org",
        "openstax.org",
        "phet.colorado.edu",
        "pt.khanacademy.org",
        "www.khanacademy.org",
        # The makers' own documentation, and free services without an account
        "developer.mozilla.org",
        "docs.darktable.org",
        "docs.gimp.org",
        "docs.python.org",
        "git-scm.com",
        "handbook.fide.com",
        "lichess.org",
        "scikit-learn.org",
        "www.postgresql.org",
        "www.sqlite.org",
        # Universities, and free books and courses by their teachers
        "aprendepython.es",
        "christophm.github.io",
        "course.elementsofai.com",
        "cs50.harvard.edu",
        "d2l.ai",
        "greenteapress.com",
        "inst.eecs.berkeley.edu",
        "ocw.mit.edu",
        "panda.ime.usp.br",
        "penseallen.github.io",
        "pt.d2l.ai",
        "www.mclibre.org",
        # Central banks and supervisors of markets
        "www.bcb.gov.br",
        "www.consumerfinance.gov",
        "www.finanzasparatodos.es",
        "www.investor.gov",
        # Space agencies, observatories, libraries
        "brasilianafotografica.bn.gov.br",
        "ciencia.nasa.gov",
        "science.nasa.gov",
        "stellarium-web.org",
        "www.eso.org",
        "www.gutenberg.org",
    }
)
#: Hosts with much else on them: what lies below these addresses.
PLACES = (
    "https://developers.google.com/machine-learning/crash-course",
    "https://huggingface.co/learn/",
    "https://www.gov.br/investidor/",
    "https://www.gov.br/observatorio/",
)

_TRACKING = re.compile(r"(^|&)(utm_\w+|gclid|fbclid|ref|si|feature|affiliate|aff|tag)=")
# What a URL is written with (RFC 3986); anything else has to be percent-encoded.
_ASCII_URL = re.compile(r"[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]+")


def urls_are_https_and_canonical(topic: Topic) -> Iterator[str]:
    for place, resource in _resources(topic):
        yield from (f"{place}: {finding}" for finding in _faults(resource.url))


def _faults(url: str) -> Iterator[str]:
    parts = urlsplit(url)
    if not _ASCII_URL.fullmatch(url):
        yield "percent-encode what is not ASCII, and spaces"
    if parts.scheme != "https" or parts.netloc != parts.hostname:
        yield "must be https://host/… in lower case, without port or user"
    if _TRACKING.search(parts.query):
        yield "leave out what only tracks or pays (utm_…, ref, tag)"
    if url.endswith(("?", "#", "&")) or "//" in parts.path:
        yield "has an empty part at its end or in its path"
    if ".m." in parts.netloc or parts.netloc.startswith("m."):
        yield "is the page for phones; give the usual one"
    if WIKI_HOST.fullmatch(parts.netloc) and not _is_wiki_page(parts):
        yield "give a wiki page as /wiki/Title_with_underscores"


def _is_wiki_page(parts: SplitResult) -> bool:
    title = parts.path.removeprefix("/wiki/")
    return title not in ("", parts.path) and "%20" not in title and not parts.query


def hosts_are_judged(topic: Topic) -> Iterator[str]:
    for place, resource in _resources(topic):
        host = urlsplit(resource.url).netloc
        is_judged = host in HOSTS or WIKI_HOST.fullmatch(host) or resource.url.startswith(PLACES)
        if not is_judged:
            yield f"{place}: {host} is not among HOSTS; judge it and add it, or leave the link out"


def urls_are_unique(topic: Topic) -> Iterator[str]:
    counts = Counter(_key(resource.url) for _, resource in _resources(topic))
    for url, count in sorted(counts.items()):
        if count > 1:
            yield f"{url} is listed {count} times; keep the place where it helps most"


def _key(url: str) -> str:
    parts = urlsplit(unquote(url))
    host = parts.netloc.removeprefix("www.")
    query = f"?{parts.query}" if parts.query else ""
    fragment = f"#{parts.fragment}" if parts.fragment else ""
    return f"{host}{parts.path.rstrip('/')}{query}{fragment}"


def languages_match_the_wiki(topic: Topic) -> Iterator[str]:
    for place, resource in _resources(topic):
        wiki = WIKI_HOST.fullmatch(urlsplit(resource.url).netloc)
        if wiki and wiki[1] != resource.lang:
            yield f"{place}: lang is {resource.lang}, the wiki's is {wiki[1]}"


def resources_are_described(topic: Topic) -> Iterator[str]:
    for place, resource in _resources(topic):
        count = word_count(resource.description)
        if count not in DESCRIPTION_WORDS:
            yield f"{place}: description has {count} words; 4 to 25 are right"
        if not resource.title.strip() or not resource.source.strip():
            yield f"{place}: title and source must say something"
        if resource.difficulty not in range(1, 4):
            yield f"{place}: difficulty is {resource.difficulty}; 1, 2 or 3 is right"
        if resource.minutes not in RESOURCE_MINUTES:
            yield f"{place}: {resource.minutes} minutes; 1 to 6000 fit"
        if resource.checked is not None and not _is_day(resource.checked):
            yield f"{place}: checked must be a day such as 2026-11-21"


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def resources_are_enough(topic: Topic) -> Iterator[str]:
    for concept in topic.concepts:
        if not concept.resources:
            yield f"concept {concept.id} has no resource; it takes at least one"
    counts = Counter(resource.lang for _, resource in _resources(topic))
    for language in LANGUAGES:
        if counts[language] < FEWEST_OF_A_LANGUAGE:
            yield (
                f"there are {counts[language]} resources in {language}; "
                f"it takes at least {FEWEST_OF_A_LANGUAGE}"
            )
    wide = Counter(resource.lang for resource in topic.resources)
    for language in LANGUAGES:
        if wide[language] not in TOPIC_WIDE_OF_A_LANGUAGE:
            yield f"there are {wide[language]} topic-wide resources in {language}; 2 to 4 are right"


def _resources(topic: Topic) -> Iterator[tuple[str, CatalogueResource]]:
    """Yield every resource, of the concepts and of the topic, with its place in the file."""
    for concept in topic.concepts:
        for resource in concept.resources:
            yield f"concept {concept.id}: resource {resource.url}", resource
    for resource in topic.resources:
        yield f"resource {resource.url}", resource


RESOURCE_RULES: tuple[Callable[[Topic], Iterator[str]], ...] = (
    urls_are_https_and_canonical,
    hosts_are_judged,
    urls_are_unique,
    languages_match_the_wiki,
    resources_are_described,
    resources_are_enough,
)
