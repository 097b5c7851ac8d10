"""What an article says of its concept: the definition, and sentences with a blank."""

from __future__ import annotations

import re
from collections.abc import Sequence

from learning_paths.stages.gathered import Page
from learning_paths.stages.web_candidates import bare
from learning_paths.text import BLANK, masked, sentences, share_a_stem, word_count

_NESTED = re.compile(r"\s*[(\[][^()\[\]]*[)\]]")
_SPACE_BEFORE = re.compile(r"\s+([,.;:])")
#: "An X is a Y …": what stands after the verb says what an X is.
_IS = {
    "pt": r"é|são|foi|foram|era|eram|consiste em|consistem em|refere-se a|designa|significa",
    "en": r"is|are|was|were|consists of|refers to|means|denotes",
    "es": r"es|son|fue|fueron|era|eran|consiste en|consisten en|se refiere a|designa|significa",
}
_SUBJECT_WORDS = 14
#: GENERATION 6 asks for 12-40 in the catalogue; articles are as they are.
_DEFINITION_WORDS = range(4, 46)
_FACT_WORDS = range(8, 36)
_FACTS = 3


def definition(page: Page, language: str) -> str:
    """
    Return what the article says that its subject is, without naming it first if that can be.

    Empty if its first sentence says nothing of the kind.
    """
    said = [plain(sentence) for sentence in sentences(page["text"])]
    if not said:
        return ""
    match = re.match(
        rf"(?P<subject>(?:\S+\s+){{1,{_SUBJECT_WORDS}}}?)(?:{_IS[language]})\s+(?P<rest>.+)",
        said[0],
    )
    names = [page["title"], *page["names"]]
    if not match or not any(share_a_stem(match["subject"], name, language) for name in names):
        return ""
    text = _shortened(match["rest"])
    if word_count(text) not in _DEFINITION_WORDS:
        return ""
    return text[0].upper() + text[1:]


def facts(page: Page, told: Sequence[str], language: str) -> list[str]:
    """
    Return sentences that name the concept once, with {} for its name.

    First those with the name as it is, then those with a form of it; of each first those of its
    own article but the one that defines it, then those of `told`.
    """
    names = _names(page)
    first, *own = [plain(sentence) for sentence in sentences(page["text"])]
    exact: list[str] = []
    inflected: list[str] = []
    for sentence in dict.fromkeys([*own, *told]):
        if sentence == first:
            continue  # it is the definition, which is asked for in other ways
        if word_count(sentence) not in _FACT_WORDS or "{" in sentence or "}" in sentence:
            continue
        blanked = masked(sentence, names, language)
        if blanked.count(BLANK) != 1 or blanked.startswith(BLANK):
            continue
        before, after = blanked.split(BLANK)
        said = sentence[len(before) : len(sentence) - len(after)].casefold()
        found = exact if said in map(str.casefold, names) else inflected
        found.append(f"{before}{{}}{after}")
    return [*exact, *inflected][:_FACTS]


def sayings(page: Page, language: str) -> list[str]:
    """Return sentences of the concept's own article that do not name it, in their order."""
    names = _names(page)
    _first, *own = [plain(sentence) for sentence in sentences(page["text"])]
    return [
        sentence
        for sentence in own
        if word_count(sentence) in _FACT_WORDS and BLANK not in masked(sentence, names, language)
    ][:_FACTS]


def _names(page: Page) -> list[str]:
    return [*dict.fromkeys(bare(name) for name in (page["title"], *page["names"]))]


def plain(sentence: str) -> str:
    """Return the sentence without what stands in brackets: pronunciations, other languages."""
    while (shorter := _NESTED.sub("", sentence)) != sentence:
        sentence = shorter
    return _SPACE_BEFORE.sub(r"\1", " ".join(sentence.split()))


def term(page: Page, texts: list[str]) -> str:
    """
    Return the title as it is written in running text.

    Articles begin with a capital. If elsewhere the words mostly stand without one, it is none of
    theirs: "queen bee", but "Varroa destructor".
    """
    title = bare(page["title"])
    lower = title[0].lower() + title[1:]
    running = re.compile(rf"(?<=[\w,;] )(?:{re.escape(title)}|{re.escape(lower)})(?!\w)")
    written = [match[0] for text in texts for match in running.finditer(text)]
    if not written:
        return lower if title[1:] == title[1:].lower() and " " not in title else title
    return lower if sum(one == lower for one in written) * 2 >= len(written) else title


def _shortened(text: str) -> str:
    """Cut at the last comma or semicolon that leaves it short enough."""
    text = text.rstrip(" .")
    while word_count(text) >= _DEFINITION_WORDS.stop and re.search(r"[,;:]", text):
        text = re.split(r"[,;:](?!.*[,;:])", text)[0]
    return f"{text}."
