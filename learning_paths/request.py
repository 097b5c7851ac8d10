"""
What a caller asks for: the parameters of a learning path, read, checked and explained.

Every sentence about a wrong parameter is in the language of the request.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from itertools import islice
from types import MappingProxyType
from typing import Any, Final

from django.utils import translation
from django.utils.translation import gettext as _
from rapidfuzz import fuzz, process

from learning_paths.catalogue.topic import LANGUAGES, Language
from learning_paths.exceptions import FieldError, InvalidRequest
from learning_paths.schema import LEVELS, Level
from learning_paths.shape import SHAPE_BOUNDS, Bound, Shape, fixes
from learning_paths.text import fold

DEFAULT_LANGUAGE: Final[Language] = "pt"

#: In characters, after stripping and collapsing whitespace.
TOPIC_LENGTH: Final = (3, 200)
CATEGORY_LENGTH: Final = 100

#: Every integer parameter by name; the HTTP documentation is made from it.
BOUNDS: Final[Mapping[str, Bound]] = MappingProxyType(
    {**SHAPE_BOUNDS, "max_resources": Bound(5, 30, 15)}
)
#: The lowest, the highest and the default similarity_threshold.
SIMILARITY: Final = (0.0, 1.0, 0.15)
#: The lowest and the highest hours_per_week: an hour, and a week's full-time work.
HOURS_PER_WEEK: Final = (1, 40)
#: Not given, these are no part of a request: what was stored before there were any is found.
_UNSAID_IF_NONE: Final = ("level", "hours_per_week")

# How many unknown parameters are named; a body of thousands gets no answer of thousands.
_UNKNOWN_NAMED = 10
# A name is echoed up to this length.
_NAME_SHOWN = 40
# rapidfuzz ratio from which a name counts as a slip of the pen: "num_node", "maxwidth", "topics".
_NEAR = 75

_INTEGER = re.compile(r"[+-]?[0-9]{1,18}")
# As many digits as a float can have without an exponent.
_DECIMAL = re.compile(r"[+-]?([0-9]{1,309}\.?|[0-9]{0,309}\.[0-9]{1,1074})([eE][+-]?[0-9]{1,3})?")


@dataclass(frozen=True)
class PathRequest:
    """
    A request that can be fulfilled, if made by `from_params`.

    The constructor does not check. Widths count the nodes of one level, heights the levels below
    the root, `num_nodes` all nodes with the root. `level` is the learner's, None for anybody's;
    `hours_per_week` is the time for the week plan, None for no plan.
    """

    topic: str
    language: Language = DEFAULT_LANGUAGE
    num_nodes: int = BOUNDS["num_nodes"].default
    max_resources: int = BOUNDS["max_resources"].default
    min_width: int = BOUNDS["min_width"].default
    max_width: int = BOUNDS["max_width"].default
    min_height: int = BOUNDS["min_height"].default
    max_height: int = BOUNDS["max_height"].default
    category: str | None = None
    similarity_threshold: float = SIMILARITY[2]
    level: Level | None = None
    hours_per_week: int | None = None

    @classmethod
    def from_params(cls, params: Mapping[str, Any]) -> PathRequest:
        """
        Read parameters as they come from a query string, a form or JSON; null means not given.

        Raises InvalidRequest with one FieldError for each parameter that is wrong, in the
        language of the request.
        """
        with translation.override(language_of(params)):
            values, errors = _read(params)
            request = cls(**values)
            if {error.field for error in errors}.isdisjoint(Shape._fields):
                errors += _misfit(request.shape)
            if errors:
                raise InvalidRequest(errors)
        return request

    @property
    def shape(self) -> Shape:
        """The part of the request that says which trees will do."""
        return Shape(*(getattr(self, name) for name in Shape._fields))

    def to_params(self) -> dict[str, Any]:
        """Return the parameters as plain JSON; `from_params` makes the same request of it."""
        params = asdict(self)
        return {
            name: value
            for name, value in params.items()
            if value is not None or name not in _UNSAID_IF_NONE
        }

    def key(self) -> str:
        """Return the sha256 in hex by which equal requests are known: case, accents and spaces of
        the topic and the category make no difference."""
        params = self.to_params() | {
            "topic": fold(self.topic),
            "category": fold(self.category) if self.category else None,
        }
        text = json.dumps(params, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
        return hashlib.sha256(text.encode("ascii")).hexdigest()


def language_of(params: Mapping[str, Any]) -> Language:
    """Return the language to answer in: the one asked for if there is it, else the default."""
    return _known_language(params.get("language")) or DEFAULT_LANGUAGE


# --- one parameter ---------------------------------------------------------------------------


class _ParameterError(Exception):
    """A parameter cannot be read; the message is for the caller."""


def _read(params: Mapping[str, Any]) -> tuple[dict[str, Any], list[FieldError]]:
    """Return the values by name, those not given or wrong left out, and what is wrong."""
    values: dict[str, Any] = {"topic": ""}
    errors: list[FieldError] = []
    for name, read in _READERS.items():
        try:
            if name == "topic" or params.get(name) is not None:
                values[name] = read(name, params.get(name))
        except _ParameterError as error:
            errors.append(FieldError(name, str(error)))
    return values, errors + _unknown(params)


def _unknown(params: Mapping[str, Any]) -> list[FieldError]:
    names = islice((name for name in params if name not in _READERS), _UNKNOWN_NAMED)
    return [_unknown_name(_shown(name)) for name in names]


def _unknown_name(name: str) -> FieldError:
    near = process.extractOne(
        fold(name), list(_READERS), scorer=fuzz.ratio, score_cutoff=_NEAR, processor=None
    )
    if near is None:
        known = ", ".join(_READERS)
        message = _('Unknown parameter "%(name)s". The parameters are %(known)s.')
        return FieldError(name, message % {"name": name, "known": known})
    message = _('Unknown parameter "%(name)s". Did you mean %(near)s?')
    return FieldError(name, message % {"name": name, "near": near[0]})


def _shown(name: object) -> str:
    """Return a name that any answer can carry: no lone surrogate, no control character."""
    text = str(name)
    clean = "".join("\ufffd" if _is_unfit(char) else char for char in text[:_NAME_SHOWN])
    return clean + "…" if len(text) > _NAME_SHOWN else clean


def _topic(name: str, value: object) -> str:
    if value is None:
        raise _ParameterError(_("topic is missing: say what the path is to be about."))
    text = _line(name, value)
    lowest, highest = TOPIC_LENGTH
    if not lowest <= len(text) <= highest:
        raise _ParameterError(
            _("topic must have %(lowest)d to %(highest)d characters; this one has %(length)d.")
            % {"lowest": lowest, "highest": highest, "length": len(text)}
        )
    return text


def _category(name: str, value: object) -> str | None:
    text = _line(name, value)
    if len(text) > CATEGORY_LENGTH:
        raise _ParameterError(
            _("category must have at most %(highest)d characters; this one has %(length)d.")
            % {"highest": CATEGORY_LENGTH, "length": len(text)}
        )
    return text or None


def _line(name: str, value: object) -> str:
    """Return the text in NFC on one line, without spaces around it or repeated in it."""
    if not isinstance(value, str):
        raise _ParameterError(_("%(name)s must be text.") % {"name": name})
    if any(_is_unfit(char) for char in value):
        raise _ParameterError(_("%(name)s holds a control character.") % {"name": name})
    return " ".join(unicodedata.normalize("NFC", value).split())


def _is_unfit(char: str) -> bool:
    """Cc is control characters (PostgreSQL refuses NUL), Cs lone surrogates (no UTF-8 for them)."""
    return unicodedata.category(char) in ("Cc", "Cs") and char not in "\t\n\r"


def _language(name: str, value: object) -> Language:
    known = _known_language(value)
    if known is None:
        raise _not_one_of(name, LANGUAGES)
    return known


def _known_language(value: object) -> Language | None:
    code = value.strip().lower() if isinstance(value, str) else None
    return next((language for language in LANGUAGES if language == code), None)


def _level(name: str, value: object) -> Level:
    code = value.strip().lower() if isinstance(value, str) else None
    known = next((level for level in LEVELS.values() if level == code), None)
    if known is None:
        raise _not_one_of(name, LEVELS.values())
    return known


def _not_one_of(name: str, known: Iterable[str]) -> _ParameterError:
    return _ParameterError(
        _("%(name)s must be one of %(known)s.") % {"name": name, "known": ", ".join(known)}
    )


def _count(name: str, value: object) -> int:
    bound = BOUNDS[name]
    return _whole(name, value, bound.lowest, bound.highest)


def _hours_per_week(name: str, value: object) -> int:
    return _whole(name, value, *HOURS_PER_WEEK)


def _whole(name: str, value: object, lowest: int, highest: int) -> int:
    if isinstance(value, str) and _INTEGER.fullmatch(value.strip()):
        value = int(value)
    # JSON has one sort of number: encoders may write 15.0 for 15 (Dart's does, of a double).
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    # bool is an int to Python, but true is no number to a client.
    if not isinstance(value, int) or isinstance(value, bool):
        raise _ParameterError(
            _("%(name)s must be a whole number from %(lowest)s to %(highest)s.")
            % {"name": name, "lowest": lowest, "highest": highest}
        )
    if value != (nearest := min(max(value, lowest), highest)):
        raise _out_of_range(name, lowest, highest, nearest)
    return value


def _similarity(name: str, value: object) -> float:
    lowest, highest, _default = SIMILARITY
    if isinstance(value, str) and _DECIMAL.fullmatch(value.strip()):
        value = float(value)
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not _is_finite(value):
        raise _ParameterError(
            _("%(name)s must be a number from %(lowest)s to %(highest)s.")
            % {"name": name, "lowest": lowest, "highest": highest}
        )
    if value != (nearest := min(max(value, lowest), highest)):
        raise _out_of_range(name, lowest, highest, nearest)
    # Adding 0.0 turns -0.0 into 0.0: the two are equal, but not as JSON, so not as a key.
    return float(value) + 0.0


def _is_finite(value: int | float) -> bool:
    # math.isfinite converts to float, which overflows with an integer of 400 digits.
    return isinstance(value, int) or math.isfinite(value)


def _out_of_range(name: str, lowest: float, highest: float, nearest: float) -> _ParameterError:
    return _ParameterError(
        _(
            "%(name)s must be from %(lowest)s to %(highest)s. "
            "The nearest value that would do is %(nearest)s."
        )
        % {"name": name, "lowest": lowest, "highest": highest, "nearest": nearest}
    )


_READERS: Final[Mapping[str, Callable[[str, object], Any]]] = {
    "topic": _topic,
    "language": _language,
    **dict.fromkeys(BOUNDS, _count),
    "category": _category,
    "similarity_threshold": _similarity,
    "level": _level,
    "hours_per_week": _hours_per_week,
}


# --- the tree as a whole ---------------------------------------------------------------------


def _misfit(shape: Shape) -> list[FieldError]:
    """Return one error that names every inequality that fails and what would help."""
    failed = _failed_inequalities(shape)
    if not failed:
        return []
    sentences = [*failed.values(), _advice(shape)]
    return [FieldError(next(iter(failed)), " ".join(sentences))]


def _failed_inequalities(shape: Shape) -> dict[str, str]:
    """Return a sentence for each by the parameter to blame; empty if the shape fits."""
    failed = {}
    if shape.min_width > shape.max_width:
        failed["min_width"] = _("min_width=%(min_width)d is greater than max_width=%(max_width)d.")
    if shape.min_height > shape.max_height:
        failed["min_height"] = _(
            "min_height=%(min_height)d is greater than max_height=%(max_height)d."
        )
    if shape.num_nodes > shape.most:
        failed["num_nodes"] = _(
            "num_nodes=%(num_nodes)d does not fit: with max_width=%(max_width)d and "
            "max_height=%(max_height)d a tree holds at most %(most)d nodes."
        )
    elif shape.num_nodes < shape.fewest:
        failed["num_nodes"] = _(
            "num_nodes=%(num_nodes)d does not fit: with min_width=%(min_width)d and "
            "min_height=%(min_height)d a tree needs at least %(fewest)d nodes."
        )
    facts = shape._asdict() | {"most": shape.most, "fewest": shape.fewest}
    return {field: sentence % facts for field, sentence in failed.items()}


def _advice(shape: Shape) -> str:
    """Return the fixes as one sentence: "Raise a to 1, or b to 2, or lower c to 3."."""
    options = fixes(shape)
    if len(options[0]) > 1:
        return _sentence(_(" and ").join(_steps(shape, options[0])))
    changes = {name: value for option in options for name, value in option.items()}
    return _sentence(_(", or ").join(_steps(shape, changes)))


def _steps(shape: Shape, changes: Mapping[str, int]) -> list[str]:
    """Return "raise a to 1", "b to 2", "lower c to 3": the verb is said once."""
    up = [(name, new) for name, new in changes.items() if new > getattr(shape, name)]
    down = [(name, new) for name, new in changes.items() if new < getattr(shape, name)]
    steps: list[str] = []
    for first, moves in (
        (_("raise %(name)s to %(value)d"), up),
        (_("lower %(name)s to %(value)d"), down),
    ):
        for place, (name, value) in enumerate(moves):
            template = first if place == 0 else _("%(name)s to %(value)d")
            steps.append(template % {"name": name, "value": value})
    return steps


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."
