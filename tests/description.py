"""The OpenAPI description as what it promises: a judge of responses, and a list of operations."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import ValidationError
from jsonschema.protocols import Validator
from jsonschema.validators import extend
from referencing import Registry
from referencing.jsonschema import DRAFT202012
from rest_framework.test import APIClient

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
#: What HTTP and the middleware add to any response.
COMMON_HEADERS = {
    *("Content-Type", "Content-Length", "Content-Encoding", "Content-Language", "Vary", "Allow"),
    *("Cache-Control", "X-Frame-Options", "X-Content-Type-Options", "X-Accel-Buffering"),
    *("Referrer-Policy", "Cross-Origin-Opener-Policy", "Content-Security-Policy"),
}


def _format(validator: Validator, name: str, value: Any, schema: Any) -> Iterator[ValidationError]:
    if name == "double":
        # JSON Schema takes 1 for a double, and 1.0 for an integer; clients in Dart do not.
        if value is not None and type(value) is not float:
            yield ValidationError(f"{value!r} has no decimal point")
    else:
        yield from Draft202012Validator.VALIDATORS["format"](validator, name, value, schema)


Strict = extend(
    Draft202012Validator,
    {"format": _format},
    type_checker=Draft202012Validator.TYPE_CHECKER.redefine(
        "integer", lambda checker, value: type(value) is int
    ),
)


class Description:
    """The description that the server gives."""

    def __init__(self, client: APIClient) -> None:
        response = client.get("/schema")
        assert response.status_code == 200
        self.document = json.loads(response.content)
        resource = DRAFT202012.create_resource(self.document)
        self._registry: Registry[Any] = Registry().with_resource("urn:api", resource)

    def operations(self) -> Iterator[tuple[str, str, dict[str, Any]]]:
        """Method, path and operation."""
        for path, operations in self.document["paths"].items():
            for method in METHODS:
                if method in operations:
                    yield method, path, operations[method]

    def validate(self, value: Any, *place: str) -> None:
        """Hold `value` against the schema in this place of the document."""
        pointer = "/".join(part.replace("~", "~0").replace("/", "~1") for part in place)
        Strict(
            {"$ref": f"urn:api#/{pointer}"},
            registry=self._registry,
            format_checker=FormatChecker(),
        ).validate(value)

    def check(self, method: str, path: str, response: Any) -> Any:
        """Hold a response against its operation; return its body as Python values."""
        place = ("paths", path, method, "responses", str(response.status_code))
        documented = self.document["paths"][path][method]["responses"]
        assert place[-1] in documented, f"{response.status_code} is not documented"
        answer = documented[place[-1]]
        for name, value in response.headers.items():
            if name not in COMMON_HEADERS:
                schema = answer.get("headers", {})[name]["schema"]
                given = int(value) if schema["type"] == "integer" else value
                self.validate(given, *place, "headers", name, "schema")
        if "content" not in answer:
            assert not response.content
            return None
        (content_type,) = answer["content"]
        assert response.headers["Content-Type"].split(";")[0] == content_type
        if content_type == "text/event-stream":
            return self._events(response, *place, "content", content_type, "schema")
        if content_type.startswith("text/"):
            body = response.content.decode()
        else:
            body = json.loads(response.content)
        self.validate(body, *place, "content", content_type, "schema")
        return body

    def _events(self, response: Any, *place: str) -> list[dict[str, Any]]:
        """As Schemathesis, take the schema of a stream for that of each event."""
        text = b"".join(response).decode()
        blocks = [block.split("\n") for block in text.split("\n\n")]
        lines = [dict(line.split(": ", 1) for line in block if line) for block in blocks]
        events = [one for one in lines if "data" in one]
        for event in events:
            self.validate(event, *place)
            data = json.loads(event["data"])
            self.validate(data, *COMPONENTS, "TaskEvent", "properties", "data", "contentSchema")
        return events


COMPONENTS = ("components", "schemas")
