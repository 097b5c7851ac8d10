"""
An OpenAI-compatible endpoint on a socket of this machine, with models for tests behind it.

A model is a function from the question (`Asked`) to a fault, which is what goes over the wire: the
faults of the content server serve here as well. `sensible` answers well, the others do not.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from http.server import ThreadingHTTPServer
from typing import Any, Self

from tests.content import faults
from tests.content.faults import Fault
from tests.content.server import HOST, Handler

MODEL = "test-model"
KEY = "s3cr3t-k3y"


@dataclass(frozen=True)
class Asked:
    """One request as it came."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]

    @property
    def form(self) -> str:
        return str(self.body.get("response_format", {}).get("type", "plain"))

    @property
    def rules(self) -> str:
        return str(self.body["messages"][0]["content"])

    @cached_property
    def data(self) -> dict[str, Any]:
        return dict(json.loads(self.body["messages"][1]["content"]))

    @property
    def question(self) -> str:
        """Which of our questions it is, by what it holds."""
        names = {"already_chosen": "choice", "asked": "confusions"}
        return next((name for one, name in names.items() if one in self.data), "concepts")

    @property
    def numbers(self) -> list[int]:
        return [one["number"] for one in self.data["candidates"]]


Model = Callable[[Asked], Fault]


def completion(content: Any, *, finish: str | None = "stop", **message: Any) -> Fault:
    """A good reply of the protocol; what is no text is written as JSON."""
    text = content if isinstance(content, str | None) else json.dumps(content)
    said = {"role": "assistant", "content": text, "refusal": None, **message}
    choice = {"index": 0, "message": said, "logprobs": None, "finish_reason": finish}
    return faults.says(
        200,
        {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "created": 1_700_000_000,
            "model": MODEL,
            "choices": [choice],
            "usage": {"prompt_tokens": 9, "completion_tokens": 9, "total_tokens": 18},
        },
    )


def error(status: int, param: str | None = None) -> Fault:
    """How OpenAI words an error; some endpoints echo the key in it."""
    told = {"message": f"Incorrect API key provided: {KEY}", "type": "x", "param": param}
    return faults.says(status, {"error": told | {"code": None}})


def sensible(asked: Asked) -> Fault:
    return completion(answer_to(asked))


def answer_to(asked: Asked) -> dict[str, Any]:
    """The last candidates, in reverse; each builds on the one before, and is taken for it."""
    numbers = asked.numbers[::-1]
    if asked.question == "choice":
        return {"chosen": numbers}
    if asked.question == "concepts":
        before: list[list[int]] = [[], *([one] for one in numbers)]
        pairs = zip(numbers, before, strict=False)
        return {"concepts": [{"number": one, "after": after} for one, after in pairs]}
    return {
        "concepts": [
            {"number": one, "confusable": [numbers[place - 1]], "also_right": [numbers[place - 2]]}
            for place, one in enumerate(numbers)
            if one in asked.data["asked"]
        ]
    }


@dataclass
class LlmServer:
    """Use it as a context: inside, `model` answers whoever asks."""

    model: Model = sensible
    seen: list[Asked] = field(default_factory=list)
    stopping: threading.Event = field(default_factory=threading.Event)
    _listener: _Listener | None = None

    @property
    def url(self) -> str:
        assert self._listener is not None
        return f"http://{HOST}:{self._listener.server_port}/v1"

    @property
    def settings(self) -> dict[str, Any]:
        """What the setting REUNE_LEARNING_PATHS needs to ask here."""
        return {"llm_url": self.url, "llm_model": MODEL, "llm_key": KEY}

    def __enter__(self) -> Self:
        self._listener = _Listener(self)
        threading.Thread(target=self._listener.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        assert self._listener is not None
        self.stopping.set()
        self._listener.shutdown()
        self._listener.server_close()


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, llm: LlmServer) -> None:
        super().__init__((HOST, 0), _Handler)
        self.content = llm

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that hang up are what half of the tests are about."""


class _Handler(Handler):
    server: _Listener  # type: ignore[assignment]  # what faults need of it is the same

    def do_POST(self) -> None:  # noqa: N802  # the name is the base class's
        body = self.rfile.read(int(self.headers["Content-Length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        asked = Asked(self.path, headers, json.loads(body))
        self.server.content.seen.append(asked)
        try:
            self.server.content.model(asked)(self)
        except (ConnectionError, TimeoutError):
            self.close_connection = True

    def do_GET(self) -> None:  # noqa: N802  # as above
        """Whoever follows a redirect with GET is seen as well."""
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.content.seen.append(Asked(self.path, headers, {}))
        self.send_error(405)


def in_turn(*models: Model) -> Model:
    """The first question to the first model and so on, all further ones to the last."""
    waiting = [*models]
    return lambda asked: (waiting.pop(0) if len(waiting) > 1 else waiting[0])(asked)


def always(fault: Fault) -> Model:
    return lambda asked: fault


def says(content: Any) -> Model:
    return always(completion(content))


def takes_only(*forms: str, status: int = 400) -> Model:
    """An endpoint that refuses the other forms of asking."""
    return lambda asked: sensible(asked) if asked.form in forms else error(status, "x")


def moody(asked: Asked) -> Fault:
    """Answers well, and never twice the same."""
    answer = answer_to(asked)
    [items] = answer.values()
    place = time.monotonic_ns() % len(items)
    [name] = answer
    turned = items[place:] + items[:place]
    return completion({name: [_without_ties(one) for one in turned]})


def _without_ties(item: Any) -> Any:
    return item | {"after": []} if isinstance(item, dict) and "after" in item else item
