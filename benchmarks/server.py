"""Child: the service as it is served, with a credential on every call, and the no-op beside it.

Settings: `url` of a migrated database, `log` file, `clock` at the start (RFC 3339), `loop`. Answers with its `target`.
An order, whatever is in it, is answered with what `Watch` has seen since the last one.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import secrets
import sys
from datetime import datetime
from pathlib import Path

from prometheus_client import CollectorRegistry

from benchmarks import loops, noop
from benchmarks.children import Order, serve_orders, settings, tell
from benchmarks.stalls import Watch
from schedsvc import bootstrap
from schedsvc.config import Settings
from schedsvc.rpc import logs
from schedsvc.rpc.health import Health, Readiness
from schedsvc.rpc.identity import SCOPES
from schedsvc.rpc.server import Server, ServerOptions
from schedsvc.rpc.services import DESCRIPTORS
from schedsvc.usecases.credentials import Credentials

DRAIN_SECONDS = 2.0
# Processes that share a database share it; what it protects here is thrown away with the database.
TOKEN_KEY = base64.b64encode(bytes(32)).decode()


def configured(url: str) -> Settings:
    """The settings of a server on a free port, as they are unless set otherwise."""
    return Settings.read(
        {
            "SCHEDSVC_DATABASE_URL": url,
            "SCHEDSVC_LISTEN": "127.0.0.1:0",
            "SCHEDSVC_TOKEN_KEYS": f"0:{TOKEN_KEY}",
        }
    )


async def serve(order: Order) -> None:
    """Serves until the standard input ends. What would be printed, the log above all, goes to standard output."""
    chosen, clock = configured(order["url"]), bootstrap.ShiftedClock(datetime.fromisoformat(order["clock"]))
    logs.configure(chosen.log_level, sys.stdout)
    loop = asyncio.get_running_loop()
    async with bootstrap.opened(chosen, clock) as store:
        authenticate = Credentials(store, clock, elapsed=loop.time, random_bytes=secrets.token_bytes).authenticate
        edge = bootstrap.make_edge(chosen, authenticate, CollectorRegistry())
        health = Health(DESCRIPTORS)
        services = [*bootstrap.assemble(store, clock, bootstrap.make_sealer(chosen)), noop.service(), health.service()]
        scopes = {**SCOPES, **noop.SCOPES}
        server = Server(services, scopes, edge, health, Readiness(store.ping, health), ServerOptions())
        port = await server.start()
        try:
            tell({"target": f"127.0.0.1:{port}"})
            await serve_orders(Watch().carry_out)
        finally:
            await server.drain(DRAIN_SECONDS)


def main() -> None:
    order = settings()
    with Path(order["log"]).open("w") as log, contextlib.redirect_stdout(log):
        loops.run(serve(order), order["loop"])


if __name__ == "__main__":
    main()
