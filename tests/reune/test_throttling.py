from __future__ import annotations

import sys
import time
from collections.abc import Iterator

import pytest
from django.urls import path
from pytest_django import Settings
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.test import APIClient
from rest_framework.views import APIView

from reune import throttling
from reune.throttling import Buckets, Rate
from tests.concurrently import at_once
from tests.factories import make_user


class Hello(APIView):
    def get(self, request: Request) -> Response:
        return Response({})


urlpatterns = [path("hello", Hello.as_view())]
pytestmark = pytest.mark.urls(__name__)

#: So slow that nothing is filled up again while a test runs.
SLOW = Rate(per_second=0.001, burst=3)


@pytest.fixture(autouse=True)
def _the_process_forgets() -> Iterator[None]:
    """What it knows of this test's callers, at the unusual rates that tests set."""
    yield
    throttling.requests = Buckets()


class TestBuckets:
    def test_a_burst_goes_through_and_no_more(self) -> None:
        buckets = Buckets()
        waits = [buckets.take("ana", SLOW) for _ in range(5)]
        assert waits[:3] == [0.0, 0.0, 0.0]
        assert all(999 < wait <= 1000 for wait in waits[3:])

    def test_callers_do_not_share(self) -> None:
        buckets = Buckets()
        assert not any(buckets.take(f"caller {number}", SLOW) for number in range(10))

    def test_it_fills_up_again_at_the_rate(self) -> None:
        buckets, rate = Buckets(), Rate(per_second=1000, burst=1)
        assert not buckets.take("ana", rate)
        begin = time.monotonic()
        while buckets.take("ana", rate):
            assert time.monotonic() < begin + 10
        assert time.monotonic() - begin < 1

    @pytest.mark.parametrize("burst", [1, 7, 300])
    def test_at_the_rate_itself_nobody_ever_waits(self, burst: int) -> None:
        """A caller who waits as long as was said is let through, request after request."""
        buckets, rate = Buckets(), Rate(per_second=200, burst=burst)
        while not buckets.take("ana", rate):
            pass
        for _ in range(20):
            wait = buckets.wait("ana", rate)
            ready_at = time.monotonic() + wait
            while time.monotonic() <= ready_at:
                pass
            assert buckets.take("ana", rate) == 0.0

    def test_whoever_was_away_has_saved_up_no_more_than_a_burst(self) -> None:
        buckets = Buckets()
        buckets.take("ana", SLOW)
        buckets._full_at["ana"] -= 1_000_000
        assert [not buckets.take("ana", SLOW) for _ in range(5)] == [True] * 3 + [False] * 2

    def test_refused_requests_do_not_lengthen_the_wait(self) -> None:
        buckets = Buckets()
        for _ in range(3):
            buckets.take("ana", SLOW)
        first = buckets.take("ana", SLOW)
        assert all(buckets.take("ana", SLOW) <= first for _ in range(1000))

    def test_looking_counts_nothing(self) -> None:
        buckets = Buckets()
        assert not any(buckets.wait("ana", SLOW) for _ in range(10))
        assert not any(buckets.take("ana", SLOW) for _ in range(3))
        assert 999 < buckets.wait("ana", SLOW) <= 1000

    def test_a_rate_of_0_is_no_limit_and_keeps_nothing(self) -> None:
        buckets = Buckets()
        assert not any(buckets.take("ana", Rate(per_second=0, burst=1)) for _ in range(1000))
        assert not buckets.wait("ana", Rate(per_second=0, burst=1))
        assert len(buckets) == 0

    def test_a_burst_below_1_still_lets_one_through(self) -> None:
        buckets, rate = Buckets(), Rate(per_second=0.001, burst=0)
        assert buckets.take("ana", rate) == 0.0
        assert buckets.take("ana", rate) > 0

    def test_memory_is_bounded_and_whoever_asks_on_is_not_forgotten(self) -> None:
        buckets = Buckets(size=100)
        for _ in range(3):
            buckets.take("flood", SLOW)
        for number in range(1000):
            buckets.take(f"caller {number}", SLOW)
            assert buckets.take("flood", SLOW) > 0
        assert len(buckets) <= 100

    def test_threads_together_get_no_more_than_one_would(self) -> None:
        """With the interpreter changing threads as often as it can."""
        buckets, rate = Buckets(), Rate(per_second=0.001, burst=5000)

        def ask() -> int:
            return sum(not buckets.take("ana", rate) for _ in range(1000))

        interval = sys.getswitchinterval()
        sys.setswitchinterval(1e-6)
        try:
            passed = at_once(*[ask] * 8)
        finally:
            sys.setswitchinterval(interval)
        assert sum(passed) == 5000


class TestRequests:
    def test_a_flood_is_a_problem_that_says_when_to_come_again(self, settings: Settings) -> None:
        settings.REUNE_THROTTLE = {"per_second": 0.1, "burst": 2}
        client = APIClient()
        assert [client.get("/hello").status_code for _ in range(2)] == [200, 200]
        response = client.get("/hello")
        body = response.json()
        assert (response.status_code, body["status"], body["code"]) == (429, 429, "throttled")
        assert response["Content-Type"] == "application/problem+json"
        assert isinstance(body["detail"], str)
        assert 1 <= int(response["Retry-After"]) <= 10

    def test_another_address_is_another_caller(self, settings: Settings) -> None:
        settings.REUNE_THROTTLE = {"per_second": 0.1, "burst": 1}
        client = APIClient()
        answers = [
            client.get("/hello", REMOTE_ADDR=address).status_code
            for address in ("192.0.2.1", "192.0.2.1", "192.0.2.2", "2001:db8::1", "2001:db8::2")
        ]
        assert answers == [200, 429, 200, 200, 429]

    def test_a_forged_header_makes_nobody_another_caller(self, settings: Settings) -> None:
        settings.REUNE_THROTTLE = {"per_second": 0.1, "burst": 1}
        answers = [
            APIClient().get("/hello", headers={"X-Forwarded-For": f"10.0.0.{host}"}).status_code
            for host in range(3)
        ]
        assert answers == [200, 429, 429]

    @pytest.mark.django_db
    def test_a_user_is_one_caller_wherever_they_are(self, settings: Settings) -> None:
        settings.REUNE_THROTTLE = {"per_second": 0.1, "burst": 1}
        ana, ben = APIClient(), APIClient()
        ana.force_authenticate(make_user("ana"))
        ben.force_authenticate(make_user("ben"))
        answers = [
            client.get("/hello", REMOTE_ADDR=address).status_code
            for client, address in ((ana, "192.0.2.1"), (ana, "192.0.2.2"), (ben, "192.0.2.1"))
        ]
        assert answers == [200, 429, 200]

    def test_an_honest_client_never_meets_it(self) -> None:
        """Twenty tasks polled five times a second, for good: the defaults allow that."""
        rate = throttling.get_rate()
        assert rate.per_second >= 20 * 5
        assert rate.burst >= 100
