"""
Runs a command with the content sources of the tests in the place of the real ones.

python -m tests.content manage.py generate_path apicultura --with-worker
"""

from __future__ import annotations

import os
import subprocess
import sys

from tests.content.server import ContentServer


def main() -> int:
    with ContentServer() as content:
        environment = {
            **os.environ,
            "REUNE_CONTACT": "demo@example.org",
            "SOURCE_URLS": ",".join(f"{name}={url}" for name, url in content.urls.items()),
            "YOUTUBE_KEY": "of-no-use-elsewhere",
        }
        return subprocess.run(
            [sys.executable, *sys.argv[1:]], env=environment, check=False
        ).returncode


if __name__ == "__main__":
    sys.exit(main())
