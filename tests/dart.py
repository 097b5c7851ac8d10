"""
The old Flutter client's reading of our JSON, with Dart's rules.

In Dart `json['x'] as double` throws on 1 and `as int` on 1.0, `as String` throws on null, and a
missing name is null. Python's parser keeps the two sorts of numbers apart as well.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Read = Callable[[Any], Any]


class CastError(TypeError):
    """What Dart throws."""


def _cast(kind: type) -> Read:
    def cast(value: Any) -> Any:
        if type(value) is not kind:  # bool is an int in Python and not in Dart
            raise CastError(f"{value!r} is not {kind.__name__}")
        return value

    return cast


as_string, as_int, as_double, as_map = _cast(str), _cast(int), _cast(float), _cast(dict)


def nullable(read: Read) -> Read:
    return lambda value: None if value is None else read(value)


def list_of(read: Read) -> Read:
    return lambda value: [read(one) for one in _cast(list)(value)]


def reader(**fields: Read) -> Read:
    """A fromJson constructor: reads these names and ignores others."""

    def read(value: Any) -> dict[str, Any]:
        json = as_map(value)
        found = {}
        for name, cast in fields.items():
            try:
                found[name] = cast(json.get(name))
            except CastError as error:
                raise CastError(f"{name}: {error}") from None
        return found

    return read


def map_of(read: Read) -> Read:
    return lambda value: {name: read(one) for name, one in as_map(value).items()}


resource = reader(
    id=as_string,
    title=as_string,
    url=as_string,
    type=as_string,
    description=nullable(as_string),
    duration=nullable(as_int),
    readTime=nullable(as_int),
    difficulty=nullable(as_string),
    thumbnail=nullable(as_string),
    metadata=nullable(as_map),
)
quiz = reader(
    questions=list_of(
        reader(id=as_string, text=as_string, options=list_of(as_string), correctOptionIndex=as_int)
    ),
    passingScore=as_int,
)
exercise_set = reader(
    exercises=list_of(
        reader(
            id=as_string,
            title=as_string,
            description=as_string,
            difficulty=as_string,
            instructions=as_string,
            hints=list_of(as_string),
            solution=nullable(as_string),
            verificationMethod=as_string,
            correctAnswer=nullable(as_string),
            options=nullable(list_of(as_string)),
        )
    ),
    passingScore=as_int,
)
node = reader(
    id=as_string,
    title=as_string,
    description=as_string,
    type=as_string,
    state=as_string,
    resources=list_of(resource),
    prerequisites=list_of(as_string),
    rewards=list_of(as_string),
    hints=list_of(as_string),
    visualPosition=reader(x=as_double, y=as_double, level=as_int),
    quiz=nullable(quiz),
    exerciseSet=nullable(exercise_set),
)
learning_path = reader(
    id=as_string,
    title=as_string,
    description=as_string,
    topic=as_string,
    category=as_string,
    language=as_string,
    rootNodeId=as_string,
    nodes=map_of(node),
    totalHours=as_int,
    tags=list_of(as_string),
    metadata=reader(difficulty=as_string, estimatedHours=as_int, tags=list_of(as_string)),
)
accepted = reader(task_id=as_string, status=as_string, message=as_string)
task = reader(
    id=as_string,
    description=as_string,
    status=as_string,
    progress=as_int,
    created_at=as_double,
    updated_at=as_double,
    completed_at=nullable(as_double),
    messages=list_of(reader(time=as_double, message=as_string)),
    result=nullable(learning_path),
    error=nullable(as_string),
)
#: What the app shows of any answer that is not 200.
problem = reader(detail=as_string)
