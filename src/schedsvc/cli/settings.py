"""Options that are settings: made from the table in `config`, and laid over the environment."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import click

from schedsvc.cli.failures import settings_failure
from schedsvc.config import PREFIX, VARIABLES, Settings, SettingsInvalid, Variable

F = TypeVar("F", bound=Callable[..., Any])
_BY_NAME = {variable.name: variable for variable in VARIABLES}


def setting_options(*names: str) -> Callable[[F], F]:
    """Adds an option for each of the settings, in this order."""

    def decorate(function: F) -> F:
        for name in reversed(names):
            function = _option(_BY_NAME[name])(function)
        return function

    return decorate


def read_settings(options: Mapping[str, str | bool | None]) -> Settings:
    """The settings of the environment under the given options. Exits with code 2 and every problem."""
    environ = dict(os.environ)
    for field, value in options.items():
        if value is not None:
            name = PREFIX + field.upper()
            environ[name] = str(value).lower() if isinstance(value, bool) else value
            environ.pop(f"{name}_FILE", None)
    try:
        return Settings.read(environ)
    except SettingsInvalid as error:
        raise settings_failure(error) from error


def _option(variable: Variable) -> Callable[[F], F]:
    flag = variable.field.replace("_", "-")
    default = f"; default {variable.default}" if variable.default else ""
    text = f"{variable.help} [{PREFIX}{variable.name}{default}]"
    if variable.is_flag:
        return click.option(f"--{flag}/--no-{flag}", variable.field, default=None, help=text)
    return click.option(f"--{flag}", variable.field, default=None, metavar=variable.shape, help=text)
