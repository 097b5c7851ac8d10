"""procrastinate as its quickstart sets it up."""

import os

from procrastinate import App, PsycopgConnector

from bench.stamps import stamp

app = App(connector=PsycopgConnector(conninfo=os.environ["DATABASE_URL"]))


@app.task(name="noop")
def noop(token: str) -> None:
    stamp(token)
