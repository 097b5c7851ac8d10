"""A finished path as a file and as a page, over HTTP and from the command line."""

from __future__ import annotations

import gzip
import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from learning_paths import library
from learning_paths.export.files import exported
from learning_paths.models import LearningPath
from learning_paths.request import PathRequest
from tests.learning_paths.paths import small_path
from tests.tasks.api.test_views import problem

pytestmark = pytest.mark.django_db
KINDS = ("md", "html")
NOBODY = "550e8400-e29b-41d4-a716-446655440000"


def keep(language: str = "pt", **changes: Any) -> LearningPath:
    """A path of the synthetic topic, its document with `changes`."""
    request = PathRequest.from_params({"topic": "sailcraft", "language": language})
    document = {**small_path(language).document, **changes}  # type: ignore[arg-type]
    library.keep(request, document)
    return LearningPath.objects.get(key=request.key())


def export(client: APIClient, path: LearningPath, kind: str, **headers: str) -> Any:
    return client.get(f"/learning_paths/{path.pk}.{kind}", headers=headers)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("language", ["pt", "es", "en"])
def test_an_export_is_in_the_language_of_the_path_whatever_the_callers(
    client: APIClient, kind: Any, language: str
) -> None:
    path = keep(language)
    response = export(client, path, kind, **{"Accept-Language": "en"})
    assert response.status_code == 200
    assert response["Content-Language"] == language

    assert response.content.decode() == exported(path.document, kind)


def test_markdown_is_saved_under_a_safe_name(client: APIClient) -> None:
    path = keep(topic='../Barcos "à" vela\r\nX-Evil: 1')
    response = export(client, path, "md")
    assert response["Content-Type"] == "text/markdown; charset=utf-8"
    expected = 'attachment; filename="learning-path-barcos-a-vela-x-evil-1-pt.md"'
    assert response["Content-Disposition"] == expected
    assert "X-Evil" not in response.headers


def test_the_page_is_shown_and_may_do_nothing(client: APIClient) -> None:
    response = export(client, keep(), "html")
    assert response["Content-Type"] == "text/html; charset=utf-8"
    assert "Content-Disposition" not in response.headers
    assert "default-src 'none'" in response["Content-Security-Policy"]
    assert "script-src" not in response["Content-Security-Policy"]
    assert response["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("kind", KINDS)
def test_who_has_it_already_gets_304(client: APIClient, kind: str) -> None:
    path = keep()
    etag = export(client, path, kind)["ETag"]
    zipped = export(client, path, kind, **{"Accept-Encoding": "gzip"})
    assert zipped["ETag"] == etag
    assert gzip.decompress(zipped.content) == export(client, path, kind).content
    again = export(client, path, kind, **{"If-None-Match": etag})
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", etag)
    LearningPath.objects.update(document={**path.document, "title": "Other"})
    assert export(client, path, kind, **{"If-None-Match": etag}).status_code == 200


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("path_id", [NOBODY, "x", "x.md", "%3Cscript%3E"])
def test_an_unknown_path_is_a_problem(client: APIClient, path_id: str, kind: str) -> None:
    keep()
    response = client.get(f"/learning_paths/{path_id}.{kind}")
    problem(response, 404, "not_found")


@pytest.mark.parametrize("kind", KINDS)
def test_only_the_one_document_is_read(
    client: APIClient, kind: str, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    path = keep()
    keep("es")
    with django_assert_num_queries(1) as captured:
        export(client, path, kind)
    (query,) = captured.captured_queries
    assert str(path.pk) in query["sql"] or path.pk.hex in query["sql"]
    assert "LIMIT 1" in query["sql"]


class TestCommand:
    def run(self, *options: Any) -> str:
        out = StringIO()
        call_command("export_path", *options, stdout=out)
        return out.getvalue()

    @pytest.mark.parametrize("kind", KINDS)
    def test_it_prints_what_the_api_gives(self, client: APIClient, kind: str) -> None:
        path = keep()
        assert (
            self.run(str(path.pk), "--format", kind) == export(client, path, kind).content.decode()
        )

    def test_it_writes_a_file(self, tmp_path: Path) -> None:
        path, file = keep(), tmp_path / "path.json"
        assert str(file) in self.run(str(path.pk), "--format", "json", "--output", str(file))
        assert json.loads(file.read_text()) == path.document

    def test_what_it_cannot_do_it_says(self, tmp_path: Path) -> None:
        with pytest.raises(CommandError, match="no learning path"):
            self.run(NOBODY)
        with pytest.raises(CommandError, match="cannot write"):
            self.run(str(keep().pk), "--output", str(tmp_path / "none" / "path.md"))
