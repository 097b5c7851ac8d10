"""The WSGI application that granian serves."""

import atexit
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "reune.settings")

application = get_wsgi_application()

from tasks import live, memory, processes  # noqa: E402  # needs the apps

# What watches the tasks also says that this process is there, before anybody asks it anything.
memory.give_back_large_blocks()
processes.begin("web")
live.live()
atexit.register(live.close_live)
