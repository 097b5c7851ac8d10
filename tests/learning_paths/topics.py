"""
Catalogue values for tests: one synthetic topic, the same on every call.

34 concepts in 6 branches and 5 kinds, every text different in each of the three languages,
definitions of 16 to 20 words, two kinds of exercise, and resources. The terms are invented words,
so that no definition can hold one by accident.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from learning_paths.catalogue.topic import (
    LANGUAGES,
    Branch,
    CatalogueExercise,
    CatalogueResource,
    Concept,
    Language,
    ResourceType,
    Text,
    Topic,
)

#: In the order of LANGUAGES.
Triple = tuple[str, str, str]

# id: branch, kind, essential, difficulty, direct prerequisites with the strongest first.
# The longest chains have 8 concepts, one more than the default max_height: bale, dila, jula, kive,
# lopa, nori, vasu, xoga is one.
_ROWS: dict[str, tuple[str, str, bool, int, tuple[str, ...]]] = {
    "bale": ("ground", "part", True, 1, ()),
    "cavo": ("ground", "part", False, 1, ("bale",)),
    "dila": ("ground", "act", True, 1, ("bale",)),
    "feno": ("ground", "part", False, 1, ()),
    "fomu": ("ground", "act", True, 1, ("dila", "bale")),
    "gati": ("ground", "rule", False, 1, ("cavo", "feno")),
    "giro": ("frame", "part", True, 1, ("bale",)),
    "hado": ("frame", "part", False, 1, ("giro",)),
    "jula": ("frame", "act", True, 1, ("giro", "dila")),
    "kive": ("frame", "rule", True, 1, ("fomu", "jula")),
    "kora": ("frame", "tool", False, 2, ("hado",)),
    "lemi": ("frame", "tool", False, 2, ("jula", "hado", "feno")),
    "lopa": ("cover", "part", True, 2, ("kive",)),
    "mabe": ("cover", "part", False, 2, ("giro",)),
    "mudo": ("cover", "act", False, 2, ("lopa", "mabe")),
    "neka": ("cover", "tool", False, 2, ("mabe",)),
    "nori": ("cover", "rule", True, 2, ("lopa", "jula")),
    "paju": ("cover", "tool", False, 2, ("neka", "kora")),
    "pelo": ("signal", "sign", True, 1, ("dila",)),
    "quia": ("signal", "sign", False, 1, ("pelo",)),
    "rave": ("signal", "sign", False, 2, ("pelo", "hado")),
    "rimo": ("signal", "sign", False, 2, ("quia",)),
    "sabu": ("signal", "act", False, 2, ("rave", "rimo")),
    "seto": ("signal", "rule", False, 2, ("quia", "kive")),
    "tiga": ("voyage", "act", False, 2, ("lopa", "pelo")),
    "toru": ("voyage", "rule", False, 2, ("seto",)),
    "vasu": ("voyage", "act", True, 2, ("nori", "pelo")),
    "vemo": ("voyage", "tool", False, 2, ("tiga", "kora")),
    "wila": ("voyage", "sign", False, 2, ("toru", "rave")),
    "xoga": ("mastery", "rule", False, 3, ("vasu", "nori", "tiga")),
    "yeba": ("mastery", "act", False, 3, ("vasu",)),
    "zadu": ("mastery", "tool", False, 3, ("vemo", "paju")),
    "zilo": ("mastery", "sign", False, 3, ("wila", "sabu")),
    "zupe": ("mastery", "part", False, 3, ("mudo", "nori")),
}
_ENDINGS: Triple = ("bor", "th", "dán")

# Title, and the words a branch's definitions share: they resemble each other more than the rest.
_BRANCHES: dict[str, tuple[Triple, Triple]] = {
    "ground": (
        ("Solo", "Ground", "Suelo"),
        ("no barro úmido", "in the damp clay", "en el barro húmedo"),
    ),
    "frame": (
        ("Estrutura", "Frame", "Armazón"),
        ("sob vigas cruzadas", "under the crossed beams", "bajo vigas cruzadas"),
    ),
    "cover": (
        ("Cobertura", "Cover", "Cubierta"),
        ("entre panos esticados", "between the stretched cloths", "entre telas estiradas"),
    ),
    "signal": (
        ("Sinais", "Signals", "Señales"),
        ("perto do farol antigo", "by the old lighthouse", "cerca del faro antiguo"),
    ),
    "voyage": (
        ("Viagem", "Voyage", "Viaje"),
        ("durante a travessia longa", "on the long crossing", "durante la travesía larga"),
    ),
    "mastery": (
        ("Domínio", "Mastery", "Dominio"),
        ("diante dos mestres idosos", "before the elder masters", "ante los maestros viejos"),
    ),
}
_KINDS: dict[str, Triple] = {
    "part": ("Peça pequena que une", "Small piece that joins", "Pieza pequeña que une"),
    "act": ("Gesto lento que separa", "Slow gesture that parts", "Gesto lento que aparta"),
    "rule": ("Norma severa que protege", "Stern custom that guards", "Regla dura que protege"),
    "tool": ("Objeto pesado que mede", "Heavy device that measures", "Aparato grave que mide"),
    "sign": ("Marca clara que anuncia", "Clear mark that announces", "Señal clara que anuncia"),
}
# 7, 5 and 8 of them: taken by the concept's number, no two of 34 concepts share two of the three.
_OBJECTS: tuple[Triple, ...] = (
    ("cordas verdes", "green ropes", "cuerdas verdes"),
    ("tigelas de vidro", "glass bowls", "cuencos de vidrio"),
    ("sementes de linho", "linen seeds", "semillas de lino"),
    ("lanternas de papel", "paper lanterns", "linternas de papel"),
    ("moedas gastas", "worn coins", "monedas gastadas"),
    ("penas de ganso", "goose feathers", "plumas de ganso"),
    ("barris de azeite", "oil barrels", "barriles de aceite"),
)
_TIMES: tuple[Triple, ...] = (
    ("ao nascer do sol", "at the break of day", "al salir el sol"),
    ("depois da chuva forte", "after the heavy rain", "después de la lluvia fuerte"),
    ("quando a neve derrete", "when the snow melts", "cuando la nieve se derrite"),
    ("em noites de festa", "on nights of feasting", "en noches de fiesta"),
    ("antes da colheita", "before the harvest", "antes de la cosecha"),
)
_PURPOSES: tuple[Triple, ...] = (
    ("e alimenta viajantes cansados", "and feeds tired travellers", "y nutre viajeros cansados"),
    ("e acalma cavalos jovens", "and calms young horses", "y calma caballos jóvenes"),
    ("e guarda histórias esquecidas", "and keeps forgotten stories", "y guarda cuentos olvidados"),
    ("e ilumina corredores estreitos", "and lights narrow passages", "y alumbra pasillos angostos"),
    ("e seca roupas molhadas", "and dries wet clothes", "y seca ropas mojadas"),
    ("e espanta aves famintas", "and scares hungry birds", "y espanta aves hambrientas"),
    ("e fecha portões enferrujados", "and shuts rusty gates", "y cierra portones oxidados"),
    ("e afina sinos rachados", "and tunes cracked bells", "y afina campanas rajadas"),
)
_TYPES: tuple[ResourceType, ...] = ("article", "tutorial", "documentation", "video", "interactive")
_OPENINGS: Triple = ("Guia que mostra", "Guide that shows", "Guía que muestra")
_WIDE: tuple[tuple[ResourceType, Triple, Triple], ...] = (
    (
        "course",
        ("Curso inteiro do ofício", "Whole course of the craft", "Curso entero del oficio"),
        ("Aulas em ordem, do solo ao domínio", "Lessons in order", "Clases en orden"),
    ),
    (
        "book",
        ("Livro do ofício", "Book of the craft", "Libro del oficio"),
        ("Todos os capítulos, com figuras", "All the chapters", "Todos los capítulos"),
    ),
)


def make_topic(**overrides: Any) -> Topic:
    """A topic that keeps the catalogue's rules; `overrides` replace whole fields."""
    topic = Topic(
        id="sailcraft",
        wikidata=None,
        category="hobby",
        version=1,
        title=_text(("Ofício das velas", "Sailcraft", "Oficio de las velas")),
        summary=_text(
            (
                "Aprende-se a erguer, cobrir e guiar uma embarcação de treze panos, do barro da "
                "oficina até a prova final diante de quem ensina.",
                "Learn to raise, cover and guide a vessel of thirteen cloths, from the clay of the "
                "workshop to the last trial before those who teach.",
                "Se aprende a levantar, cubrir y guiar una nave de trece telas, desde el barro del "
                "taller hasta la prueba final ante quienes enseñan.",
            )
        ),
        aliases={"pt": ("velas",), "en": ("craft of sails",), "es": ("oficio de velas",)},
        objectives=(
            _text(("Erguer a estrutura", "Raise the frame", "Levantar el armazón")),
            _text(("Ler os sinais", "Read the signals", "Leer las señales")),
            _text(("Guiar a viagem", "Guide the voyage", "Guiar el viaje")),
        ),
        prerequisite_knowledge=(_text(("Saber nadar", "How to swim", "Saber nadar bien")),),
        branches=tuple(
            Branch(id=name, title=_text(title)) for name, (title, _) in _BRANCHES.items()
        ),
        concepts=tuple(make_concept(concept_id) for concept_id in _ROWS),
        resources=tuple(_topic_wide(number, lang) for number in (0, 1) for lang in LANGUAGES),
    )
    return replace(topic, **overrides)


def make_concept(concept_id: str = "bale", **overrides: Any) -> Concept:
    """One of the topic's concepts, by id; `overrides` replace whole fields."""
    branch, kind, essential, difficulty, prerequisites = _ROWS[concept_id]
    number = list(_ROWS).index(concept_id)
    same_kind = [other for other, row in _ROWS.items() if row[1] == kind and other != concept_id]
    concept = Concept(
        id=concept_id,
        branch=branch,
        kind=kind,
        essential=essential,
        prerequisites=prerequisites,
        difficulty=difficulty,
        minutes=20 + 5 * (number % 4),
        term=_by_language(lambda i: concept_id + _ENDINGS[i]),
        aliases={
            lang: (f"{concept_id}{ending}s",)
            for lang, ending in zip(LANGUAGES, _ENDINGS, strict=True)
        },
        definition=_by_language(lambda i: f"{_KINDS[kind][i]} {_scene(number, branch, i)}"),
        objective=_objective(number),
        reason=_reason(prerequisites[0]) if prerequisites else None,
        confusable=tuple(same_kind[:2]),
        not_distractors=(),
        facts=(_fact(number, branch),),
        exercise=_manual(number) if number % 2 else _text_match(number),
        resources=tuple(
            _resource(concept_id, number, branch, lang)
            for lang in LANGUAGES
            if (number, lang) not in _GAPS
        ),
    )
    return replace(concept, **overrides)


# Every fifth concept has nothing in Spanish, every seventh nothing in Portuguese.
_GAPS = {(n, "es") for n in range(0, 34, 5)} | {(n, "pt") for n in range(3, 34, 7)}


def _text(triple: Triple) -> Text:
    return dict(zip(LANGUAGES, triple, strict=True))


def _by_language(make: Callable[[int], str]) -> Text:
    return _text((make(0), make(1), make(2)))


def _scene(number: int, branch: str, i: int) -> str:
    """What stands behind the kind in a definition, in the i-th language."""
    parts = (
        _OBJECTS[number % 7],
        _BRANCHES[branch][1],
        _TIMES[number % 5],
        _PURPOSES[number % 8],
    )
    return " ".join(part[i] for part in parts)


def _objective(number: int) -> Text:
    thing, time = _OBJECTS[number % 7], _TIMES[number % 5]
    return _text(
        (
            f"Preparar {thing[0]} {time[0]} sem ajuda nenhuma",
            f"Prepare {thing[1]} {time[1]} without any help",
            f"Preparar {thing[2]} {time[2]} sin ninguna ayuda",
        )
    )


def _reason(before: str) -> Text:
    return _text(
        (
            f"Sem o manejo de {before}{_ENDINGS[0]}, este passo não se sustenta na prática.",
            f"Without the handling of {before}{_ENDINGS[1]}, this step does not hold in practice.",
            f"Sin el manejo de {before}{_ENDINGS[2]}, este paso no se sostiene en la práctica.",
        )
    )


def _fact(number: int, branch: str) -> Text:
    scene = tuple(_scene(number, branch, i) for i in range(3))
    return _text(
        (
            f"Segundo o velho manual, {{}} serve com {scene[0]}.",
            f"The old handbook says that {{}} helps with {scene[1]}.",
            f"Según el viejo manual, {{}} sirve con {scene[2]}.",
        )
    )


def _manual(number: int) -> CatalogueExercise:
    thing = _OBJECTS[number % 7]
    return CatalogueExercise(
        kind="manual",
        minutes=15,
        prompt=_text(
            (
                f"Monte uma bancada com {thing[0]} e descreva cada passo.",
                f"Set up a bench with {thing[1]} and describe each step.",
                f"Monta un banco con {thing[2]} y describe cada paso.",
            )
        ),
        checklist=(
            _text(("A bancada está firme", "The bench stands firm", "El banco está firme")),
            _text(("Cada passo foi descrito", "Each step is described", "Se describe cada paso")),
        ),
    )


def _text_match(number: int) -> CatalogueExercise:
    thing, each = _OBJECTS[number % 7], number + 2
    answer = (str(3 * each),)
    return CatalogueExercise(
        kind="text_match",
        minutes=5,
        prompt=_text(
            (
                f"Três caixas guardam {each} {thing[0]} cada uma. Quantas são ao todo?",
                f"Three boxes hold {each} {thing[1]} each. How many are there in all?",
                f"Tres cajas guardan {each} {thing[2]} cada una. ¿Cuántas son en total?",
            )
        ),
        answers={"pt": answer, "en": answer, "es": answer},
        solution=_text(
            (
                f"Três vezes {each} são {answer[0]}.",
                f"Three times {each} makes {answer[0]}.",
                f"Tres por {each} son {answer[0]}.",
            )
        ),
    )


def _resource(concept_id: str, number: int, branch: str, lang: Language) -> CatalogueResource:
    i = LANGUAGES.index(lang)
    return CatalogueResource(
        title=f"{concept_id.capitalize()}{_ENDINGS[i]}",
        url=f"https://{lang}.example.org/wiki/{concept_id}{_ENDINGS[i].encode().hex()}",
        lang=lang,
        type=_TYPES[(number + i) % 5],
        minutes=8 + number % 9,
        difficulty=_ROWS[concept_id][3],
        source="Example",
        description=f"{_OPENINGS[i]} {concept_id}{_ENDINGS[i]} {_scene(number, branch, i)}.",
        license="CC BY-SA 4.0",
    )


def _topic_wide(number: int, lang: Language) -> CatalogueResource:
    kind, title, description = _WIDE[number]
    i = LANGUAGES.index(lang)
    return CatalogueResource(
        title=title[i],
        url=f"https://{lang}.example.org/{kind}",
        lang=lang,
        type=kind,
        minutes=600,
        difficulty=1,
        source="Example",
        description=description[i],
        author="Ada Vela",
    )
