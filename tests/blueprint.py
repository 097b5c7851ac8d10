"""
What Render's reference of render.yaml allows in the parts that our blueprints use.

https://render.com/docs/blueprint-spec, as of November 2026. Stricter than Render: what is not here
we have not looked up. `render blueprints validate` asks Render itself.
"""

from __future__ import annotations

from typing import Any

_TEXT = {"type": "string", "minLength": 1}
_NAME = {"type": "string", "pattern": "^[a-z][a-z0-9-]*$"}


def _closed(required: tuple[str, ...], **properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "required": list(required),
        "additionalProperties": False,
        "properties": properties,
    }


_GIVEN = _closed(("key", "value"), key=_TEXT, value=_TEXT)
_GENERATED = _closed(("key", "generateValue"), key=_TEXT, generateValue={"const": True})
_FROM_GROUP = _closed(("fromGroup",), fromGroup=_NAME)
_FROM_DATABASE = _closed(
    ("key", "fromDatabase"),
    key=_TEXT,
    fromDatabase=_closed(
        ("name", "property"), name=_NAME, property={"enum": ["connectionString", "host", "port"]}
    ),
)
_OF_ANY = {
    "name": _NAME,
    "runtime": {"const": "python"},
    "buildCommand": _TEXT,
    "startCommand": _TEXT,
    "envVars": {
        "type": "array",
        "items": {"oneOf": [_GIVEN, _GENERATED, _FROM_GROUP, _FROM_DATABASE]},
    },
}
#: A free instance has none of these, and there are no free workers.
_OF_PAID = {
    "plan": {"enum": ["starter", "standard", "pro", "pro plus", "pro max", "pro ultra"]},
    "numInstances": {"type": "integer", "minimum": 1},
    "preDeployCommand": _TEXT,
    "maxShutdownDelaySeconds": {"type": "integer", "minimum": 1, "maximum": 300},
}
_REQUIRED = ("type", "name", "runtime", "plan", "buildCommand", "startCommand")
_PATH = {"type": "string", "pattern": "^/"}
_WEB = {"type": {"const": "web"}, "healthCheckPath": _PATH}
FREE_WEB = _closed(_REQUIRED, plan={"const": "free"}, **_WEB, **_OF_ANY)
PAID_WEB = _closed(_REQUIRED, **_WEB, **_OF_ANY, **_OF_PAID)
WORKER = _closed(_REQUIRED, type={"const": "worker"}, **_OF_ANY, **_OF_PAID)
DATABASE = _closed(
    ("name", "plan"),
    name=_NAME,
    plan={
        # The plans without a size, which were sold until 2024, are refused for new databases.
        "type": "string",
        "pattern": "^(free|(basic|pro|accelerated)-[0-9]+(mb|gb))$",
    },
    ipAllowList={"type": "array", "maxItems": 0},
)
GROUP = _closed(
    ("name", "envVars"),
    name=_NAME,
    # A group may not refer to other resources.
    envVars={"type": "array", "items": {"oneOf": [_GIVEN, _GENERATED]}},
)


def schema(*services: dict[str, Any]) -> dict[str, Any]:
    """Of a blueprint with these sorts of services."""
    return _closed(
        ("services", "databases"),
        services={"type": "array", "items": {"oneOf": list(services)}},
        databases={"type": "array", "items": DATABASE},
        envVarGroups={"type": "array", "items": GROUP},
    )


FREE = schema(FREE_WEB)
STANDARD = schema(PAID_WEB, WORKER)
