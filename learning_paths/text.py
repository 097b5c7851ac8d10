"""
Words of Portuguese, English and Spanish texts: folding, content words, ranking and masking.

Pure and deterministic. `language` is "pt", "en" or "es" throughout; any other raises KeyError.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

import snowballstemmer

#: What stands in the place of a masked term.
BLANK = "____"

# Letters and digits; a run of + or # that ends the word belongs to it (C++, C#, F#).
_WORD = re.compile(r"[^\W_]+(?:[+#]+(?![^\W_]))?")
# \u2019 is the typographic apostrophe; \u2010, \u2011 and \u2013 are hyphens and the short dash.
_CLITIC = re.compile(r"(?<=\w)['\u2019](?:s|t|re|ve|ll|d|m)\b", re.IGNORECASE)
_GAP = re.compile(r"[\s\-\u2010\u2011\u2013'\u2019]+")

_APOSTROPHE = re.compile(r"['`\u2019\u00b4]")
_MEANINGLESS = re.compile(
    r"(?<!\d)\.|\.(?!\d)"  # a dot that is not between digits
    r"|(?<![^\W_])#"  # a number sign that does not follow a letter or digit
    r"|(?<=\w)-|-(?!\d)"  # a hyphen that is not a sign
    r"|[^\w\s.#\-+=<>*%^~$\u00b0]|_"
)
_OPERATOR = re.compile(r"\s*([+=<>*%^~])\s*")

_SNOWBALL = {"pt": "portuguese", "en": "english", "es": "spanish"}

# Snowball leaves these Portuguese plurals apart from their singular (função/funções,
# nível/níveis, sinal/sinais, imagem/imagens). A word shorter than the number is left alone:
# pais, leis, reis and seis have no such singular. With ns goes n, so that token meets tokens.
_PORTUGUESE_PLURALS = (
    ("ões", "ão", 4),
    ("ães", "ão", 5),
    ("veis", "vel", 6),
    ("neis", "nel", 6),
    ("éis", "el", 4),
    ("eis", "il", 6),
    ("óis", "ol", 4),
    ("ais", "al", 5),
    ("uis", "ul", 5),
    ("ns", "m", 4),
    ("n", "m", 4),
)
# Borrowed words in Portuguese and Spanish: pixels, arrays, strings, bits.
_LOAN_PLURAL = re.compile(r".{2,}[bcdfgklprty]s")
# Imágenes, márgenes, órdenes: Snowball stems the singular further than the plural.
_SPANISH_ENES = re.compile(r".*[áéíóú].*enes")
_ENGLISH_SINGULARS = {
    "analyses": "analysis",
    "axes": "axis",
    "hypotheses": "hypothesis",
    "indices": "index",
    "lens": "lense",  # Snowball takes the s of lens for a plural's
    "matrices": "matrix",
    "nebulae": "nebula",
    "novae": "nova",
    "phenomena": "phenomenon",
    "supernovae": "supernova",
    "vertices": "vertex",
}

_STOP_WORDS_TEXT = {
    "pt": """
    a ao aos aquela aquelas aquele aqueles aquilo as ate cada com como cujo cuja cujos cujas
    da das de dela delas dele deles depois desde do dos e ela elas ele eles em entre era eram
    essa essas esse esses esta estao estar estas este estes eu foi foram for ha isso isto ja
    lhe lhes mais mas mesmo mesma mesmos mesmas muito muita muitos muitas na nao nas nem no
    nos num numa nuns numas o os ou outra outras outro outros para pela pelas pelo pelos per
    pois por porem porque pode podem quais qual qualquer quando quanto que quem sao se seja sejam
    sem sempre ser seu seus si sido so sob sobre sua suas tal tambem tao tem tendo ter tinha
    toda todas todo todos um uma umas uns vai vez voce
    """,
    "en": """
    a about above after again all also although among an and another any are aren as at be
    because been before being below between both but by can could did didn do does doesn doing
    don down each either else every few for from further had has hasn have haven having he her
    here hers him his how i if in into is isn it its itself just less may me might more most
    much must my neither no nor not now of off on once only onto or other others our out over
    own per same she should shouldn since so some such than that the their theirs them
    themselves then there these they this those through thus to too under until up upon us
    very was wasn we were weren what when where whether which while who whom whose why will
    with within without won would you your
    """,
    "es": """
    a al algun alguna algunas alguno algunos ante antes aquel aquella aquellas aquello aquellos
    asi aun aunque cada como con cual cuales cualquier cuando cuanto cuya cuyas cuyo cuyos de
    del desde despues donde dos e el ella ellas ello ellos en entre era eran es esa esas ese
    eso esos esta estan estar estas este esto estos fue fueron ha hacia han hasta hay la las le
    les lo los mas me mi mientras misma mismas mismo mismos mucha muchas mucho muchos muy ni no
    nos o otra otras otro otros para pero por porque pues puede pueden que quien quienes se sea
    sean segun ser si sido sin sino sobre son su sus tal tambien tan tanto te tener tiene
    tienen toda todas todo todos tras tu u un una unas uno unos vez y ya
    """,
}
_STOP_WORDS = {language: frozenset(text.split()) for language, text in _STOP_WORDS_TEXT.items()}


def fold(text: str) -> str:
    """Return `text` for comparison: casefolded, without accents, whitespace collapsed."""
    return " ".join(_without_marks(_without_marks(text).casefold()).split())


def words(text: str) -> list[str]:
    """Return the folded words in order; "f-string" is two, "C++" and "C#" are one each."""
    return [fold(word) for word in _raw_words(text)]


def tokens(text: str, language: str) -> list[str]:
    """Return the folded stems of the content words in order, repetitions kept."""
    stop_words = _STOP_WORDS[language]
    return [_stem(word, language) for word in _raw_words(text) if fold(word) not in stop_words]


def word_count(text: str) -> int:
    """Return how many words a reader counts: "f-string" is one, a lone dash or "{}" none."""
    return sum(any(char.isalnum() for char in part) for part in text.split())


def share_a_stem(a: str, b: str, language: str) -> bool:
    """Return whether a content word of `a` and one of `b` have the same stem."""
    return not set(tokens(a, language)).isdisjoint(tokens(b, language))


def masked(text: str, terms: Iterable[str], language: str) -> str:
    """
    Return `text` in NFC with BLANK for each occurrence of a term or of an inflection of it.

    A term of several words is masked where all its words follow each other, with spaces or
    hyphens between them. Where terms overlap, the longest wins.
    """
    text = unicodedata.normalize("NFC", text)
    wanted = sorted({tuple(_stems(term, language)) for term in terms} - {()}, key=_longest_first)
    found = list(_WORD.finditer(text))
    stems = [_stem(word[0].casefold(), language) for word in found]
    pieces, done, at = [], 0, 0
    while at < len(found):
        size = next((len(term) for term in wanted if _stands_at(term, at, found, stems, text)), 0)
        if size:
            pieces += [text[done : found[at].start()], BLANK]
            done = found[at + size - 1].end()
        at += size or 1
    return "".join([*pieces, text[done:]])


def normalized_answer(text: str) -> str:
    """
    Return `text` folded and without punctuation, to compare answers and options.

    What carries meaning stays: symbols such as + and =, # after a letter (C#, mate), the dot
    in 3.5 and the sign of -2. An answer of punctuation alone stays as it is.
    """
    folded = fold(text)
    bare = _MEANINGLESS.sub(" ", _APOSTROPHE.sub("", folded))
    return " ".join(_OPERATOR.sub(r"\1", bare).split()) or folded


#: Ends a sentence, unless what stands before is short for something.
_SENTENCE_END = re.compile(r"(?<=[.!?…])([\"”»’)]*)\s+(?=[\"“«‘(¿¡]?[^\W\d_a-z])")
_ABBREVIATION = re.compile(
    r"(?:^|[\s(])(?:[^\W\d_]|c|ca|cf|dr|dra|sr|sra|prof|st|etc|ex|fig|vs|lat|gr|pt|es|en|no|num|n|p|pp"
    r"|séc|sec|a\.C|d\.C|i\.e|e\.g|p\. ex)\.$",
    re.IGNORECASE,
)


def sentences(text: str) -> list[str]:
    """Return the sentences in order; a point after an initial or an abbreviation ends none."""
    found: list[str] = []
    for line in text.splitlines():
        start = 0
        for end in _SENTENCE_END.finditer(line):
            if not _ABBREVIATION.search(line[start : end.start()]):
                found.append(line[start : end.end(1)].strip())
                start = end.end()
        found.append(line[start:].strip())
    return [sentence for sentence in found if sentence]


class Phrases:
    """A text in which phrases are looked up by their stems: inflections count as the word."""

    def __init__(self, text: str, language: str) -> None:
        self._language = language
        self._stems = _stems(text, language)
        self._places: dict[str, list[int]] = {}
        for place, stem in enumerate(self._stems):
            self._places.setdefault(stem, []).append(place)

    def count(self, phrase: str) -> int:
        """Return how often the words of `phrase` follow each other."""
        wanted = _stems(phrase, self._language)
        if not wanted:
            return 0
        return sum(
            self._stems[place : place + len(wanted)] == wanted
            for place in self._places.get(wanted[0], ())
        )

    def begins_with(self, phrase: str) -> bool:
        """Return whether `phrase` is what it begins with, an article before it or not."""
        wanted = _stems(phrase, self._language)
        return bool(wanted) and any(
            self._stems[start : start + len(wanted)] == wanted for start in (0, 1)
        )

    def has_all(self, phrase: str) -> bool:
        """Return whether every content word of `phrase` stands somewhere."""
        wanted = tokens(phrase, self._language)
        return bool(wanted) and all(token in self._places for token in wanted)


def may_be_in(text: str, language: str) -> bool:
    """
    Return whether the little words of `text` are as much those of `language` as of any other.

    Only words that one language alone has are counted; a text with none may be in any.
    """
    said = words(text)
    counts = {
        name: sum(word in own and not _is_shared(word, name) for word in said)
        for name, own in _STOP_WORDS.items()
    }
    return counts[language] == max(counts.values())


def _is_shared(word: str, language: str) -> bool:
    return any(word in others for name, others in _STOP_WORDS.items() if name != language)


class Bm25:
    """
    Okapi BM25 over tokenised documents.

    Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond" (2009),
    with Lucene's idf, ln(1 + (N - n + 0.5) / (n + 0.5)), which is never negative.
    """

    def __init__(
        self, documents: Sequence[Sequence[str]], *, k1: float = 1.2, b: float = 0.75
    ) -> None:
        average = sum(map(len, documents)) / max(1, len(documents)) or 1.0
        self._size = len(documents)
        self._k1 = k1
        self._norms = [k1 * (1 - b + b * len(document) / average) for document in documents]
        self._postings: dict[str, list[tuple[int, int]]] = {}
        for number, document in enumerate(documents):
            for token, count in Counter(document).items():
                self._postings.setdefault(token, []).append((number, count))

    def scores(self, query: Sequence[str]) -> list[float]:
        """Return one score per document, in their order; 0.0 where no token of `query` stands."""
        scores = [0.0] * self._size
        for token, repeats in Counter(query).items():
            postings = self._postings.get(token, [])
            idf = math.log(1 + (self._size - len(postings) + 0.5) / (len(postings) + 0.5))
            for number, count in postings:
                gain = count * (self._k1 + 1) / (count + self._norms[number])
                scores[number] += repeats * idf * gain
        return scores


class TfIdf:
    """
    Tf-idf vectors whose rarity is counted over `documents`.

    idf = 1 + ln((1 + N) / (1 + n)), the smoothed form of scikit-learn: a token of every
    document still counts, and one of none has a finite weight.
    """

    def __init__(self, documents: Sequence[Sequence[str]]) -> None:
        self._size = len(documents)
        self._spread = Counter(token for document in documents for token in set(document))

    def vector(self, tokens: Sequence[str]) -> dict[str, float]:
        """Return token -> weight with length 1; empty for no tokens."""
        weights = {
            token: count * (1 + math.log((1 + self._size) / (1 + self._spread[token])))
            for token, count in Counter(tokens).items()
        }
        length = math.sqrt(math.fsum(weight * weight for weight in weights.values()))
        return {token: weight / length for token, weight in weights.items()}


def cosine(a: Mapping[str, float], b: Mapping[str, float]) -> float:
    """Return how alike two TfIdf vectors are: 0.0 nothing in common, 1.0 the same direction."""
    # fsum rounds once, so the order of the tokens and of the arguments does not matter.
    return min(1.0, math.fsum(weight * b[token] for token, weight in a.items() if token in b))


def _without_marks(text: str) -> str:
    parts = unicodedata.normalize("NFKD", text)
    return "".join(char for char in parts if not unicodedata.combining(char))


def _raw_words(text: str) -> list[str]:
    """Return the casefolded words with their accents, which Snowball needs."""
    composed = unicodedata.normalize("NFKC", text)
    return _WORD.findall(_CLITIC.sub(" ", composed).casefold())


def _stems(text: str, language: str) -> list[str]:
    composed = unicodedata.normalize("NFC", text)
    return [_stem(word.casefold(), language) for word in _WORD.findall(composed)]


# Room for all 23,000 words of the catalogue would take 3 MB more in each worker, and save a path's
# stages 4 % of their time.
@lru_cache(maxsize=8192)
def _stem(word: str, language: str) -> str:
    """Return the folded stem of a casefolded word that still has its accents."""
    # A stemmer keeps its word in itself, so threads must not share one; making one is cheap.
    stemmer = snowballstemmer.stemmer(_SNOWBALL[language])
    stem = fold(stemmer.stemWord(_singular(word, language)))
    if language == "es" and stem.endswith("z"):
        return f"{stem[:-1]}c"  # luz and luces: Snowball gives luz and luc
    return stem


def _singular(word: str, language: str) -> str:
    """Mend the plurals that Snowball misses."""
    if language == "en":
        return _ENGLISH_SINGULARS.get(word, word)
    if _LOAN_PLURAL.fullmatch(word):
        return word[:-1]
    if language == "es":
        return word[:-2] if _SPANISH_ENES.fullmatch(word) else word
    for ending, singular, shortest in _PORTUGUESE_PLURALS:
        if word.endswith(ending) and len(word) >= shortest:
            return word.removesuffix(ending) + singular
    return word


def _longest_first(term: tuple[str, ...]) -> tuple[int, tuple[str, ...]]:
    return -len(term), term


def _stands_at(
    term: tuple[str, ...], at: int, found: list[re.Match[str]], stems: list[str], text: str
) -> bool:
    if tuple(stems[at : at + len(term)]) != term:
        return False
    return all(
        _GAP.fullmatch(text, found[i].end(), found[i + 1].start())
        for i in range(at, at + len(term) - 1)
    )
