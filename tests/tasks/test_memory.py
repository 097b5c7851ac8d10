from __future__ import annotations

import subprocess
import sys

import pytest
from django.conf import settings

# Large blocks are taken and let go, while small ones that live on are taken between them.
_LARGE_ONES = """
import psutil
from tasks import memory

memory.give_back_large_blocks()
largest = bytearray(8_000_000)
del largest
before, large, small = psutil.Process().memory_info().rss, [], []
for _ in range(100):
    large.append(bytearray(b"x") * 400_000)
    small.append(bytearray(b"x") * 5_000)
del large
print(psutil.Process().memory_info().rss - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the C library of others has no such setting")
def test_what_was_large_is_given_back_whatever_lives_on() -> None:
    words = [sys.executable, "-c", _LARGE_ONES]
    done = subprocess.run(words, cwd=settings.BASE_DIR, capture_output=True, text=True, check=True)
    assert int(done.stdout) < 3_000_000
