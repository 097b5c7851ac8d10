import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from learning_paths.catalogue.names import TopicNames, topic_names
from learning_paths.catalogue.topic import LANGUAGES
from tests.learning_paths.small_topic import good_entry, sentence

ASTRONOMY = good_entry(
    "astronomy",
    title={"pt": "Astronomia", "en": "Astronomy", "es": "Astronomía"},
    summary=sentence("s", 20) | {"pt": "Estrelas, planetas e galáxias, e como sabemos deles."},
)
PHOTOGRAPHY = good_entry(
    "photography", title={"pt": "Fotografia", "en": "Photography", "es": "Fotografía"}
)
JAVASCRIPT = good_entry(
    "javascript",
    title=dict.fromkeys(LANGUAGES, "JavaScript"),
    aliases={"pt": ("js",), "en": ("js",), "es": ("js",)},
)
PYTHON = good_entry(
    "python",
    title=dict.fromkeys(LANGUAGES, "Python"),
    aliases={"pt": ("programação em python",), "en": ("python programming",), "es": ()},
)
BAKING = good_entry("baking", title={"pt": "Confeitaria", "en": "Baking", "es": "Repostería"})
INTELLIGENCE = good_entry(
    "artificial-intelligence",
    title={
        "pt": "Inteligência artificial",
        "en": "Artificial intelligence",
        "es": "Inteligencia artificial",
    },
    aliases={"pt": ("ia",), "en": ("ai",), "es": ("ia",)},
)
ENTRIES = (INTELLIGENCE, ASTRONOMY, BAKING, JAVASCRIPT, PHOTOGRAPHY, PYTHON)
NAMES = TopicNames(ENTRIES)


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.id)
def test_every_name_leads_to_its_topic_in_every_language(entry):
    for name in topic_names(entry):
        assert {NAMES.find(name, language).id for language in LANGUAGES} == {entry.id}


@pytest.mark.parametrize(
    ("text", "topic"),
    [
        ("  PYTHON! ", "python"),
        ("programacao em Python", "python"),
        ("Astronomía", "astronomy"),
        ("artificial-intelligence", "artificial-intelligence"),
        ("Inteligência  Artificial", "artificial-intelligence"),
    ],
)
def test_case_accents_hyphens_and_punctuation_do_not_matter(text, topic):
    assert NAMES.find(text, "en").id == topic


@pytest.mark.parametrize(
    ("text", "topic"),
    [
        ("introdução à astronomia", "astronomy"),
        ("Curso de introdução a Python para iniciantes", "python"),
        ("quero aprender fotografia do zero", "photography"),
        ("o básico de fotografia", "photography"),
        ("learn Python", "python"),
        ("The basics of photography", "photography"),
        ("Python 101", "python"),
        ("an introduction to artificial intelligence", "artificial-intelligence"),
        ("introducción a la fotografía", "photography"),
        ("aprender sobre la inteligencia artificial", "artificial-intelligence"),
        ("fundamentos de la IA", "artificial-intelligence"),
    ],
)
def test_polite_words_around_a_name_do_not_matter(text, topic):
    assert NAMES.find(text, "pt").id == topic


@pytest.mark.parametrize(
    ("text", "topic"),
    [
        ("pyhton", "python"),
        ("learn pyhton", "python"),
        ("astronomi", "astronomy"),
        ("photograpphy", "photography"),
        ("inteligencia artifical", "artificial-intelligence"),
        ("javasrcipt", "javascript"),
    ],
)
def test_a_slip_of_the_keyboard_is_forgiven(text, topic):
    assert NAMES.find(text, "en").id == topic


@pytest.mark.parametrize(
    "text",
    [
        "java",
        "javascripts engines",
        "gastronomy",
        "gastronomia",
        "astrology",
        "astrologia",
        "phonography",
        "fonografia",
        "banking",
        "making",
        "pythons",
        "python snake",
        "monty python",
        "ali",
        "i",
        "",
        "...",
        "curso de",
        "日本語",
    ],
)
def test_another_topic_is_never_taken_for_one_of_ours(text):
    assert all(NAMES.find(text, language) is None for language in LANGUAGES)


def test_a_name_in_the_language_of_the_request_goes_first():
    tennis = good_entry("tennis", aliases={"pt": ("set",), "en": (), "es": ()})
    theory = good_entry("set-theory", aliases={"pt": (), "en": ("set",), "es": ()})
    names = TopicNames([tennis, theory])
    assert [names.find("set", language).id for language in ("pt", "en")] == ["tennis", "set-theory"]


def test_a_slip_of_two_topics_is_left_to_the_person():
    names = TopicNames([good_entry("oceanography-a"), good_entry("oceanography-b")])
    assert names.find("oceanography", "en") is None


def test_the_nearest_topics_share_words_first_and_letters_then():
    by_words = NAMES.nearest("galáxias e buracos negros", "pt", 3)
    by_letters = NAMES.nearest("fotografar", "pt", 2)
    assert [by_words[0].id, by_letters[0].id] == ["astronomy", "photography"]
    assert (len(by_words), len(by_letters)) == (3, 2)


def test_a_text_of_polite_words_only_still_has_nearest_topics():
    assert len(NAMES.nearest("curso de", "pt", 3)) == 3
    assert len(NAMES.nearest("", "pt", 3)) == 3


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.text(max_size=200), st.sampled_from(LANGUAGES))
def test_any_text_is_answered_and_always_in_the_same_way(text, language):
    assert NAMES.find(text, language) == NAMES.find(text, language)
    backwards = TopicNames(ENTRIES[::-1])
    assert NAMES.nearest(text, language, 3) == backwards.nearest(text, language, 3)


def test_a_text_of_many_polite_words_is_answered_quickly():
    text = "o a " * 25 + "python" + " 101" * 23
    assert NAMES.find(text, "pt").id == "python"
