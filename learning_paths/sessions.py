"""How we stand before a host: under which name, without cookies, and by the settings alone."""

from __future__ import annotations

from http.cookiejar import DefaultCookiePolicy
from typing import Final

import requests

from learning_paths.addresses import PublicAdapter
from learning_paths.conf import Conf

#: Told to every source; the documentation of Wikimedia asks for name/version (contact) library.
CLIENT_NAME: Final = "Reune/0.1"


def new_session(conf: Conf) -> requests.Session:
    """Return a session that goes where it is told; the environment has no say in it."""
    session = requests.Session()
    session.trust_env = False
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))
    session.headers.update(
        {"User-Agent": _user_agent(conf), "Accept": "application/json", "Accept-Encoding": "gzip"}
    )
    return session


def new_public_session(conf: Conf) -> requests.Session:
    """Return a session that raises NotPublic where an address is not of the public internet."""
    public = new_session(conf)
    for scheme in ("http://", "https://"):
        public.mount(scheme, PublicAdapter())
    return public


def _user_agent(conf: Conf) -> str:
    contact = f" ({conf.contact})" if conf.contact else ""
    return f"{CLIENT_NAME}{contact} python-requests/{requests.__version__}"
