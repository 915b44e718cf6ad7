"""`schedsvc keys`: making, listing and revoking API keys, on the database itself."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import click

from schedsvc.cli.failures import readable_server_failures
from schedsvc.cli.layout import table
from schedsvc.cli.running import run
from schedsvc.cli.settings import read_settings, setting_options
from schedsvc.config import Settings
from schedsvc.domain.names import AccountName, parse_account
from schedsvc.domain.principals import Scope

if TYPE_CHECKING:
    from schedsvc.domain.keys import ApiKey
    from schedsvc.usecases.credentials import IssuedKey

_SPAN = re.compile(r"(?P<count>[1-9][0-9]{0,4})(?P<unit>[hdw])")
_HOURS = {"h": 1, "d": 24, "w": 7 * 24}

tenant_option = click.option(
    "--tenant", default="default", show_default=True, help="Tenant whose data the key opens; 1 to 32 of a-z, 0-9, -."
)


def _account(_ctx: click.Context, _param: click.Parameter, value: str | None) -> AccountName | None:
    try:
        return parse_account(value) if value else None
    except ValueError as error:
        raise click.BadParameter(f"{value!r} is no account; write accounts/ID") from error


def _span(_ctx: click.Context, _param: click.Parameter, value: str | None) -> timedelta | None:
    if value is None:
        return None
    found = _SPAN.fullmatch(value)
    if found is None:
        raise click.BadParameter(f"{value!r} is no span; write 12h, 90d or 52w")
    return timedelta(hours=int(found["count"]) * _HOURS[found["unit"]])


@click.group()
def keys() -> None:
    """Make, list and revoke API keys.

    A server looks for keys when it starts: with none it serves anybody, on loopback only. Restart it after making the
    first one. Works on the database itself, so it needs no running server.
    """


@keys.command()
@tenant_option
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    required=True,
    type=click.Choice([scope.value for scope in Scope]),
    help="What the key may do; give it several times for more. admin includes the rest.",
)
@click.option(
    "--account",
    callback=_account,
    metavar="accounts/ID",
    help="Bind the key to one account; without it the key is for the tenant.",
)
@click.option(
    "--expires", callback=_span, metavar="SPAN", help="Until when from now: 12h, 90d, 52w; never if not given."
)
@setting_options("DATABASE_URL")
def create(
    tenant: str,
    scopes: tuple[str, ...],
    account: AccountName | None,
    expires: timedelta | None,
    database_url: str | None,
) -> None:
    """Make a key and print it, once: only a digest is stored."""
    settings = read_settings({"database_url": database_url})
    expire_time = None if expires is None else datetime.now(UTC) + expires
    with readable_server_failures():
        issued = run(_create(settings, tenant, {Scope(scope) for scope in scopes}, account, expire_time))
    click.echo(issued.text)
    click.echo(f"key {issued.key.id} of tenant {tenant} is made; this is the only time that it is shown", err=True)


@keys.command("list")
@tenant_option
@setting_options("DATABASE_URL")
def list_command(tenant: str, database_url: str | None) -> None:
    """List the keys of a tenant, without their secrets."""
    settings = read_settings({"database_url": database_url})
    with readable_server_failures():
        found = run(_list(settings, tenant))
    if not found:
        click.echo(f"tenant {tenant} has no keys")
        return
    now = datetime.now(UTC)
    header = ("ID", "SCOPES", "ACCOUNT", "MADE", "EXPIRES", "STATE")
    for line in table(header, [_row(key, now) for key in found]):
        click.echo(line)


@keys.command()
@click.argument("key_id", metavar="ID")
@tenant_option
@setting_options("DATABASE_URL")
def revoke(key_id: str, tenant: str, database_url: str | None) -> None:
    """End a key. Running servers notice within a few seconds."""
    settings = read_settings({"database_url": database_url})
    with readable_server_failures():
        run(_revoke(settings, tenant, key_id))
    click.echo(f"key {key_id} of tenant {tenant} is revoked")


async def _create(
    settings: Settings, tenant: str, scopes: set[Scope], account: AccountName | None, expire_time: datetime | None
) -> IssuedKey:
    from schedsvc import bootstrap

    async with bootstrap.credentials(settings) as credentials:
        return await credentials.create(tenant, scopes, account=account, expire_time=expire_time)


async def _list(settings: Settings, tenant: str) -> Sequence[ApiKey]:
    from schedsvc import bootstrap

    async with bootstrap.credentials(settings) as credentials:
        return await credentials.list(tenant)


async def _revoke(settings: Settings, tenant: str, key_id: str) -> None:
    from schedsvc import bootstrap

    async with bootstrap.credentials(settings) as credentials:
        await credentials.revoke(tenant, key_id)


def _row(key: ApiKey, now: datetime) -> tuple[str, ...]:
    scopes = ",".join(sorted(key.scopes))
    account = f"accounts/{key.account}" if key.account else "-"
    state = "valid" if key.valid_at(now) else "revoked" if key.revoke_time else "expired"
    return key.id, scopes, account, _day(key.create_time), _day(key.expire_time), state


def _day(instant: datetime | None) -> str:
    return instant.strftime("%Y-%m-%d %H:%MZ") if instant else "never"
