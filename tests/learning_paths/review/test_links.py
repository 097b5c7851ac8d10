"""Links are asked for politely over a real socket, and what is found is written down."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import StringIO
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from learning_paths.catalogue.loader import FOLDER, read_topic
from learning_paths.conf import Conf
from learning_paths.exceptions import CatalogueError
from learning_paths.http import HttpClient
from learning_paths.review.checked_days import write_checked
from learning_paths.review.links import Checked, Link, LinkChecker, NoNetwork, links_of

pytestmark = pytest.mark.django_db

DAY = date(2026, 11, 21)


@dataclass
class Site:
    """A web site: `pages` are (status, headers, body) by path, `default` is for all others."""

    pages: dict[str, tuple[int, dict[str, str], str]] = field(default_factory=dict)
    default: tuple[int, dict[str, str], str] = (404, {}, "<title>Not here</title>")
    without_head: bool = False
    seen: list[tuple[str, str, float]] = field(default_factory=list)
    url: str = ""

    def answer(self, method: str, path: str) -> tuple[int, dict[str, str], str]:
        self.seen.append((method, path, time.monotonic()))
        if method == "HEAD" and self.without_head:
            return 405, {}, ""
        return self.pages.get(path, self.default)

    def asked(self) -> list[str]:
        return [f"{method} {path}" for method, path, _ in self.seen if path.startswith("/p")]


@contextmanager
def serving(site: Site) -> Iterator[Site]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, headers, body = site.answer(self.command, self.path)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body.encode())))
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body.encode())

        do_HEAD = do_GET  # noqa: N815  # the name is the base class's

        def log_message(self, *args: Any) -> None:
            """Tests are quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    site.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def site() -> Iterator[Site]:
    with serving(Site()) as site:
        yield site


def check(*urls: str, pause: float = 0.0) -> list[Checked]:
    with HttpClient(Conf()) as client:
        return [*LinkChecker(client, pause=pause).check(Link("t", None, url) for url in urls)]


def states(*urls: str) -> list[str]:
    return [one.state for one in check(*urls)]


def page(title: str = "A page", status: int = 200, **headers: str) -> Any:
    return (
        status,
        {name.replace("_", "-"): value for name, value in headers.items()},
        (f"<html><title>{title}</title></html>"),
    )


def test_a_page_that_is_there_is_asked_for_by_its_head_alone(site: Site) -> None:
    site.pages["/p"] = page()
    assert states(f"{site.url}/p") == ["fine"]
    assert site.asked() == ["HEAD /p"]


def test_a_host_that_knows_no_head_is_asked_for_the_page(site: Site) -> None:
    site.pages["/p"] = page()
    site.without_head = True
    assert states(f"{site.url}/p", f"{site.url}/pp") == ["fine", "gone"]
    assert site.asked()[:2] == ["HEAD /p", "GET /p"]


@pytest.mark.parametrize(
    ("status", "state"),
    [(404, "gone"), (410, "gone"), (403, "refused"), (401, "refused"), (500, "unavailable")],
)
def test_a_status_says_what_has_become_of_a_page(site: Site, status: int, state: str) -> None:
    site.pages["/p"] = page(status=status)
    [found] = check(f"{site.url}/p")
    assert (found.state, found.status) == (state, status)


@pytest.mark.parametrize(
    ("statuses", "state"),
    [([301, 308], "moved"), ([301, 302], "redirected"), ([307], "redirected")],
)
def test_only_what_moved_for_good_gets_a_new_address(
    site: Site, statuses: list[int], state: str
) -> None:
    for number, status in enumerate(statuses):
        site.pages[f"/p{number}"] = page(status=status, Location=f"/p{number + 1}")
    site.pages[f"/p{len(statuses)}"] = page()
    [found] = check(f"{site.url}/p0#part")
    assert (found.state, found.target) == (state, f"{site.url}/p{len(statuses)}")


def test_a_redirect_to_a_page_that_is_gone_is_gone(site: Site) -> None:
    site.pages["/p"] = page(status=301, Location="/nowhere")
    assert states(f"{site.url}/p") == ["gone"]


def test_a_redirect_without_end_or_into_the_private_network_is_not_followed(site: Site) -> None:
    site.pages["/p1"] = page(status=302, Location="/p1")
    with serving(Site(pages={"/": page()})) as other:
        site.pages["/p2"] = page(status=302, Location=f"{other.url}/")
        site.pages["/p3"] = page()
        found = check(f"{site.url}/p3", f"{site.url}/p2", f"{site.url}/p1")
        assert [(one.state, one.detail) for one in found] == [
            ("fine", ""),
            ("unavailable", "unsafe"),
            ("unavailable", "down"),
        ]
        assert other.seen == []


def test_a_front_page_in_the_place_of_a_page_hints_that_it_is_gone(site: Site) -> None:
    site.pages |= {"/p": page(status=302, Location="/"), "/": page()}
    [found] = check(f"{site.url}/p")
    assert (found.state, found.detail) == ("soft_404", "it leads to the front page")


def test_a_host_that_never_says_404_is_judged_by_its_titles(site: Site) -> None:
    site.default = page("Oops")
    site.pages |= {"/p1": page(), "/p2": page("Page not found"), "/p4": page("Oops")}
    found = check(*(f"{site.url}/p{number}" for number in range(1, 5)))
    assert [one.state for one in found] == ["fine", "soft_404", "soft_404", "soft_404"]
    assert "any missing page" in found[2].detail


def test_a_host_that_says_404_may_have_a_page_about_it(site: Site) -> None:
    site.pages["/p"] = page("HTTP 404")
    assert states(f"{site.url}/p") == ["fine"]


def test_a_host_is_left_in_peace_between_two_pages_and_others_are_asked_meanwhile(
    site: Site,
) -> None:
    site.pages |= {f"/p{number}": page() for number in range(3)}
    with serving(Site(pages={"/p": page()})) as other:
        found = check(*(f"{site.url}/p{n}" for n in range(3)), f"{other.url}/p", pause=0.1)
    assert [one.state for one in found] == ["fine"] * 4
    assert found[1].link.url == f"{other.url}/p"
    times = [at for _, _, at in site.seen]
    assert min(after - before for before, after in pairwise(times)) >= 0.1


def test_an_address_is_asked_for_once_whatever_its_fragment(site: Site) -> None:
    site.pages["/p"] = page()
    assert states(f"{site.url}/p#a", f"{site.url}/p#b", f"{site.url}/p") == ["fine"] * 3
    assert site.asked() == ["HEAD /p"]


def test_a_host_that_has_enough_is_asked_no_more(site: Site) -> None:
    site.pages["/p1"] = page(status=429, Retry_After="30")
    found = check(f"{site.url}/p1", f"{site.url}/p2")
    assert [(one.state, one.detail) for one in found] == [
        ("unavailable", ""),
        ("unavailable", "resting"),
    ]
    assert site.asked() == ["HEAD /p1"]


def test_without_a_network_it_says_so_after_a_few_hosts() -> None:
    urls = [f"http://127.0.0.{number}:9/x" for number in range(1, 9)]
    found: list[Checked] = []
    with HttpClient(Conf()) as client, pytest.raises(NoNetwork, match=r"127\.0\.0\.5"):
        found.extend(LinkChecker(client, pause=0).check(Link("t", None, url) for url in urls))
    assert len(found) == 5


# --- the file and the command ----------------------------------------------------------------


@pytest.fixture
def chess(tmp_path: Path, site: Site) -> Path:
    """A copy of a topic, all of whose pages are on the local site and there."""
    text = (FOLDER / "chess.toml").read_text("utf-8").replace("https://", f"{site.url}/")
    path = tmp_path / "chess.toml"
    path.write_text(text, "utf-8")
    for link in links_of(read_topic(path)):
        site.pages[link.url.removeprefix(site.url).partition("#")[0]] = page()
    return path


def run(path: Path, *options: str) -> str:
    out = StringIO()
    call_command("check_links", str(path), "--pause", "0", *options, stdout=out, stderr=out)
    return out.getvalue()


def test_the_day_is_written_for_the_pages_that_are_there_and_nothing_else_changes(
    chess: Path,
) -> None:
    before = chess.read_text("utf-8")
    run(chess, "--write")
    after = chess.read_text("utf-8")
    links = links_of(read_topic(chess))
    assert after.count("\nchecked = ") == len(links)
    kept = [line for line in after.splitlines() if not line.startswith("checked = ")]
    assert kept == before.splitlines()
    run(chess, "--write")
    assert chess.read_text("utf-8") == after


def test_a_page_that_is_gone_gets_no_day_and_ends_the_command_with_an_error(
    chess: Path, site: Site
) -> None:
    gone = links_of(read_topic(chess))[0]
    del site.pages[gone.url.removeprefix(site.url)]
    out = StringIO()
    with pytest.raises(CommandError, match=r"1 of \d+ pages are not there"):
        call_command(
            "check_links", str(chess), "--pause", "0", "--write", "--json", stdout=out, stderr=out
        )
    found = json.loads(out.getvalue())
    assert [one["link"]["url"] for one in found if one["state"] == "gone"] == [gone.url]
    pages = {page.url: page.checked for c in read_topic(chess).concepts for page in c.resources}
    assert pages.pop(gone.url) is None
    assert None not in pages.values()


def test_the_command_suggests_the_new_address_of_what_moved(chess: Path, site: Site) -> None:
    moved = links_of(read_topic(chess))[0]
    site.pages[moved.url.removeprefix(site.url)] = page(status=301, Location="/p-new")
    site.pages["/p-new"] = page()
    text = run(chess)
    assert f"{moved.url} → {site.url}/p-new" in text
    assert "moved 1" in text.splitlines()[-1]


def test_the_command_says_it_when_there_is_no_network(tmp_path: Path) -> None:
    text = (FOLDER / "chess.toml").read_text("utf-8").replace("https://", "http://127.0.0.1:9/")
    path = tmp_path / "chess.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(CommandError, match="Is there a network"):
        run(path, "--write")
    assert path.read_text("utf-8") == text


def test_a_day_replaces_the_one_before(chess: Path) -> None:
    url = links_of(read_topic(chess))[-1].url
    assert write_checked(chess, {url}, DAY) == 1
    assert write_checked(chess, {url}, replace_year(DAY)) == 1
    assert read_topic(chess).resources[-1].checked == "2027-11-21"
    assert chess.read_text("utf-8").count("checked =") == 1


def replace_year(day: date) -> date:
    return day.replace(year=day.year + 1)


def test_a_file_that_would_say_something_else_is_left_as_it_is(chess: Path) -> None:
    url = links_of(read_topic(chess))[-1].url
    text = chess.read_text("utf-8")
    # A text of several lines with what looks like a field: the day would end up inside of it.
    spoilt = text.rstrip("\n").rpartition("description = ")[0] + 'description = """\na = b\nc"""\n'
    chess.write_text(spoilt, "utf-8")
    with pytest.raises(CatalogueError, match=r"chess\.toml"):
        write_checked(chess, {url}, DAY)
    assert chess.read_text("utf-8") == spoilt
