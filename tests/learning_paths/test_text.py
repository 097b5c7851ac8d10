import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from learning_paths.text import (
    BLANK,
    Bm25,
    Phrases,
    TfIdf,
    cosine,
    fold,
    masked,
    may_be_in,
    normalized_answer,
    sentences,
    share_a_stem,
    tokens,
    word_count,
    words,
)

bounded = settings(max_examples=100, deadline=None, derandomize=True)
languages = st.sampled_from(["pt", "en", "es"])
vocabulary = st.sampled_from("função lista rede luz estrela peça lens piece imagen matriz".split())  # noqa: SIM905
documents = st.lists(st.lists(vocabulary, max_size=8), max_size=8)


def test_fold_forgets_case_accents_and_spacing():
    assert fold("  Programação\tORIENTADA\n a Objetos ") == "programacao orientada a objetos"


@bounded
@given(st.text())
def test_fold_changes_a_folded_text_no_more(text):
    assert fold(fold(text)) == fold(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("C++ e C#, não C", ["c++", "e", "c#", "nao", "c"]),
        ("f-strings, node.js", ["f", "strings", "node", "js"]),
        ("__init__ {} …", ["init"]),
        ("Newton's laws", ["newton", "laws"]),
        ("Newton\u2019s laws", ["newton", "laws"]),
    ],
)
def test_words_keep_the_names_of_languages_and_drop_punctuation(text, expected):
    assert words(text) == expected


@bounded
@given(st.text(), languages)
def test_any_text_has_words_tokens_and_a_mask(text, language):
    assert len(tokens(text, language)) <= len(words(text))
    assert all(words(text))
    assert masked(text, [], language) == masked(masked(text, [], language), [], language)


@pytest.mark.parametrize(
    ("language", "one", "other"),
    [
        ("pt", "função", "funções"),
        ("pt", "variável", "variáveis"),
        ("pt", "nível", "níveis"),
        ("pt", "túnel", "túneis"),
        ("pt", "fóssil", "fósseis"),
        ("pt", "anel", "anéis"),
        ("pt", "sol", "sóis"),
        ("pt", "sinal", "sinais"),
        ("pt", "imagem", "imagens"),
        ("pt", "pixel", "pixels"),
        ("pt", "token", "tokens"),
        ("pt", "luz", "luzes"),
        ("pt", "mão", "mãos"),
        ("es", "función", "funciones"),
        ("es", "imagen", "imágenes"),
        ("es", "luz", "luces"),
        ("es", "índice", "índices"),
        ("es", "matriz", "matrices"),
        ("en", "galaxy", "galaxies"),
        ("en", "lens", "lenses"),
        ("en", "analysis", "analyses"),
        ("en", "matrix", "matrices"),
    ],
)
def test_singular_and_plural_share_a_stem(language, one, other):
    assert share_a_stem(one, other, language)


@pytest.mark.parametrize(
    ("language", "one", "other"),
    [
        ("pt", "a lista de valores", "o conjunto de chaves"),
        ("en", "the list of values", "the set of keys"),
        ("es", "la lista de valores", "el conjunto de claves"),
    ],
)
def test_texts_that_share_only_stop_words_share_no_stem(language, one, other):
    assert not share_a_stem(one, other, language)


def test_tokens_are_the_content_words_in_order_with_repetitions():
    assert tokens("As listas guardam a lista e são listas", "pt") == [
        "list",
        "guard",
        "list",
        "list",
    ]


def test_an_unknown_language_is_an_error_and_not_a_guess():
    with pytest.raises(KeyError):
        tokens("Liste", "de")


@pytest.mark.parametrize(
    ("text", "count"),
    [("one two", 2), ("an f-string, yes", 3), ("a — b", 2), ("with {} here", 2), ("", 0)],
)
def test_word_count_counts_what_a_reader_does(text, count):
    assert word_count(text) == count


def test_masking_finds_inflections_case_and_hyphens():
    text = "Redes neurais, uma REDE NEURAL ou rede-neural; a rede de pesca fica."
    assert masked(text, ["rede neural"], "pt") == (
        f"{BLANK}, uma {BLANK} ou {BLANK}; a rede de pesca fica."
    )


def test_masking_prefers_the_longest_term():
    text = "A neural network is a network."
    assert masked(text, ["network", "neural network"], "en") == f"A {BLANK} is a {BLANK}."


def test_masking_does_not_join_words_over_punctuation():
    text = "It is neural. Network cables are not."
    assert masked(text, ["neural network"], "en") == text


def test_masking_reads_composed_and_decomposed_accents_alike():
    assert masked("fun\u0063\u0327a\u0303o pura", ["função"], "pt") == f"{BLANK} pura"
    assert masked("função pura", ["func\u0327a\u0303o"], "pt") == f"{BLANK} pura"


@bounded
@given(st.lists(vocabulary, min_size=1, max_size=10), st.lists(vocabulary, max_size=4), languages)
def test_no_masked_term_is_left(text, terms, language):
    left = masked(", ".join(text), terms, language)
    assert not any(share_a_stem(left, term, language) for term in terms)


@pytest.mark.parametrize(
    ("given_answer", "canonical"),
    [
        ("  Função. ", "funcao"),
        ("«f-string»", "f string"),
        ("1, 2, 3", "1,2,3"),
        ("Newton's", "newtons"),
        ("x = 5", "x=5"),
        ("print()", "print"),
    ],
)
def test_answers_are_compared_without_case_accents_and_punctuation(given_answer, canonical):
    assert normalized_answer(given_answer) == normalized_answer(canonical)


@pytest.mark.parametrize(
    ("one", "other"),
    [("C++", "C"), ("C#", "C"), ("==", "!="), ("-2", "2"), ("3.5", "35"), ("Qxf7#", "Qxf7")],
)
def test_answers_keep_the_signs_that_carry_meaning(one, other):
    assert normalized_answer(one) != normalized_answer(other)


@bounded
@given(st.text())
def test_a_normalized_answer_is_normal(text):
    once = normalized_answer(text)
    assert normalized_answer(once) == once


def test_bm25_gives_the_published_value():
    # N = 2, n = 1: idf = ln 2. Average length 1.5, so the norm is 1.2 * (0.25 + 0.75 / 1.5) = 0.9.
    scores = Bm25([["a"], ["b", "c"]]).scores(["a"])
    assert scores == pytest.approx([math.log(2) * 2.2 / 1.9, 0.0])


def test_bm25_prefers_rare_words_and_short_documents():
    ranker = Bm25([["common", "rare"], ["common", "other"], ["common", "rare", "x", "y", "z"]])
    short, without, long = ranker.scores(["common", "rare"])
    assert short > long > without > 0


def test_bm25_of_nothing_is_nothing():
    assert Bm25([]).scores(["a"]) == []
    assert Bm25([[], []]).scores(["a"]) == [0.0, 0.0]
    assert Bm25([["a"]]).scores([]) == [0.0]


@bounded
@given(documents, st.lists(vocabulary, max_size=5))
def test_bm25_scores_every_document_and_only_those_with_a_word_of_the_query(corpus, query):
    scores = Bm25(corpus).scores(query)
    assert [score > 0 for score in scores] == [bool(set(each) & set(query)) for each in corpus]


@bounded
@given(documents, st.lists(vocabulary, min_size=1, max_size=6), st.lists(vocabulary, max_size=6))
def test_cosine_is_symmetric_between_0_and_1_and_1_with_itself(corpus, one, other):
    space = TfIdf(corpus)
    a, b = space.vector(one), space.vector(other)
    assert cosine(a, a) == pytest.approx(1.0)
    assert 0.0 <= cosine(a, b) == cosine(b, a) <= 1.0


def test_a_rare_word_counts_more_than_a_common_one():
    space = TfIdf([["common", "rare"], ["common"], ["common"]])
    both = space.vector(["common", "rare"])
    assert both["rare"] > both["common"] > 0
    assert math.hypot(*both.values()) == pytest.approx(1.0)
    assert space.vector([]) == {}
    assert cosine({}, both) == 0.0


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two! Three? Four…", ["One.", "Two!", "Three?", "Four…"]),
        ("Em 3.5 anos, o sr. Silva e J. Costa vieram. Fim.", None),
        ("Nasceu c. 1900 a.C. no sul. «Foi» rei.", None),
        ("Dijo: «basta.» Y se fue.\n\n¿Por qué? Nadie.", None),
    ],
)
def test_sentences_end_at_marks_but_not_at_abbreviations(text, expected):
    counts = {"Em": 2, "Nasceu": 2, "Dijo:": 4}
    found = sentences(text)
    assert len(found) == (len(expected) if expected else counts[text.split()[0]]), found
    assert expected is None or found == expected
    assert " ".join(found).split() == text.split()


def test_phrases_count_inflections_in_their_order():
    text = Phrases("As colônias de abelhas crescem. A colônia de abelhas e as abelhas.", "pt")
    assert text.count("colônia de abelhas") == 2
    assert text.count("abelha") == 3
    assert text.count("abelhas de colônia") == 0
    assert text.count("") == 0
    assert Phrases("A cria cresce.", "pt").begins_with("crias")
    assert not Phrases("Na célula a cria cresce.", "pt").begins_with("cria")
    assert text.has_all("abelha colônia")
    assert not text.has_all("abelha rainha")


@pytest.mark.parametrize(
    ("text", "languages"),
    [
        ("O laço repete as mesmas instruções até que uma condição deixe de valer", "pt"),
        ("The loop repeats the same instructions until a condition no longer holds", "en"),
        ("El bucle repite las mismas instrucciones hasta que la condición deja de cumplirse", "es"),
        ("print(42)", "pt en es"),
    ],
)
def test_a_text_may_be_in_the_language_whose_little_words_it_has(text, languages):
    assert [one for one in ("pt", "en", "es") if may_be_in(text, one)] == languages.split()
