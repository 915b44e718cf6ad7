from __future__ import annotations

import base64
import logging
import re
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path

import pytest

from schedsvc.config import PREFIX, VARIABLES, Address, Settings, SettingsInvalid

KEY = base64.b64encode(bytes(range(32))).decode()
POSTGRES = "postgresql+asyncpg://user:secret@db/name"


def read(**values: str) -> Settings:
    return Settings.read({PREFIX + name: value for name, value in values.items()})


def problems_of(**values: str) -> tuple[str, ...]:
    with pytest.raises(SettingsInvalid) as caught:
        read(**values)
    return caught.value.problems


def test_without_any_variable_the_server_is_a_local_one_on_sqlite() -> None:
    settings = read()
    assert settings.database_url == "sqlite+aiosqlite:///schedsvc.db"
    assert settings.listen == Address("127.0.0.1", 50051)
    assert (settings.health_listen, settings.metrics_listen, settings.clock) == (None, None, None)
    assert (settings.workers, settings.drain_seconds, settings.log_level) == (1, 20.0, logging.INFO)
    assert settings.problems(has_keys=False) == []


def test_every_variable_is_a_field_and_every_field_a_variable() -> None:
    assert [variable.field for variable in VARIABLES] == [field.name for field in fields(Settings)]


def test_an_empty_variable_counts_as_not_set() -> None:
    assert read(LISTEN="", WORKERS="", TOKEN_KEYS="") == read()


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("LISTEN", "[::1]:0", Address("::1", 0)),
        ("HEALTH_LISTEN", "0.0.0.0:50052", Address("0.0.0.0", 50052)),
        ("INSECURE", "YES", True),
        ("DRAIN_SECONDS", "2.5", 2.5),
        ("WORKERS", "4", 4),
        ("STATEMENT_CACHE_SIZE", "0", 0),
        ("LOG_LEVEL", "Warning", logging.WARNING),
        ("CLOCK", "2027-05-10T10:00:00+02:00", datetime(2027, 5, 10, 8, tzinfo=UTC)),
    ],
)
def test_a_good_value_is_read(name: str, value: str, expected: object) -> None:
    assert getattr(read(**{name: value}), name.lower()) == expected


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "mysql://somewhere/else"),
        ("LISTEN", "50051"),
        ("LISTEN", ":50051"),
        ("LISTEN", "localhost:65536"),
        ("TLS_CERT_FILE", "no/such/file.pem"),
        ("INSECURE", "perhaps"),
        ("REFLECTION", "2"),
        ("DRAIN_SECONDS", "-1"),
        ("DRAIN_SECONDS", "nan"),
        ("WORKERS", "0"),
        ("WORKERS", "1.5"),
        ("LOG_LEVEL", "loud"),
        ("CLOCK", "2027-05-10T10:00:00"),
        ("CLOCK", "tomorrow"),
        ("TOKEN_KEYS", "nonsense"),
        ("TOKEN_KEYS", f"256:{KEY}"),
        ("TOKEN_KEYS", "0:short"),
        ("TOKEN_KEYS", "0:c2hvcnQ="),
        ("TOKEN_KEYS", f"0:{KEY}\n0:{KEY}"),
    ],
)
def test_a_bad_value_is_refused_by_the_name_of_its_variable(name: str, value: str) -> None:
    (problem,) = problems_of(**{name: value})
    assert problem.startswith(f"{PREFIX}{name} ")


def test_all_bad_values_are_told_at_once() -> None:
    found = problems_of(LISTEN="x", WORKERS="x", CLOCK="x")
    assert [re.split(r"\s", problem)[0] for problem in found] == [
        "SCHEDSVC_LISTEN",
        "SCHEDSVC_WORKERS",
        "SCHEDSVC_CLOCK",
    ]


def test_a_secret_may_lie_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "url").write_text(f"{POSTGRES}\n")
    (tmp_path / "keys").write_text(f"0:{KEY}\n7:{KEY}\n")
    settings = read(DATABASE_URL_FILE=str(tmp_path / "url"), TOKEN_KEYS_FILE=str(tmp_path / "keys"))
    assert settings.database_url == POSTGRES
    assert settings.token_keys is not None
    assert (settings.token_keys.current, sorted(settings.token_keys.keys)) == (7, [0, 7])


def test_a_secret_and_its_file_at_once_are_refused(tmp_path: Path) -> None:
    (tmp_path / "url").write_text(POSTGRES)
    assert "both set" in problems_of(DATABASE_URL=POSTGRES, DATABASE_URL_FILE=str(tmp_path / "url"))[0]


def test_a_file_that_is_not_there_is_named() -> None:
    (problem,) = problems_of(TOKEN_KEYS_FILE="/no/such/file")
    assert problem == "SCHEDSVC_TOKEN_KEYS cannot be read from /no/such/file: No such file or directory"


def test_secrets_are_neither_shown_nor_repeated_in_errors() -> None:
    settings = read(DATABASE_URL=POSTGRES, TOKEN_KEYS=f"0:{KEY}")
    assert "secret" not in repr(settings)
    assert KEY not in repr(settings)
    assert "hunter2" not in problems_of(TOKEN_KEYS="0:hunter2")[0]


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.1", "localhost", "[::1]"])
def test_reflection_is_on_for_this_machine(host: str) -> None:
    assert read(LISTEN=f"{host}:1").reflection
    assert not read(LISTEN=f"{host}:1", REFLECTION="off").reflection


@pytest.mark.parametrize("host", ["0.0.0.0", "[::]", "10.0.0.1", "schedsvc.example.org"])
def test_reflection_is_off_for_others_unless_asked_for(host: str) -> None:
    assert not read(LISTEN=f"{host}:1").reflection
    assert read(LISTEN=f"{host}:1", REFLECTION="on").reflection


def test_without_api_keys_only_loopback_is_served() -> None:
    (problem,) = read(LISTEN="0.0.0.0:1", INSECURE="true").problems(has_keys=False)
    assert "no API keys" in problem
    assert read(LISTEN="0.0.0.0:1", INSECURE="true").problems(has_keys=True) == []


def test_beyond_loopback_keys_do_not_travel_openly_unasked(tmp_path: Path) -> None:
    (problem,) = read(LISTEN="0.0.0.0:1").problems(has_keys=True)
    assert "plain text" in problem
    pem = tmp_path / "file.pem"
    pem.write_text("")
    secured = read(LISTEN="0.0.0.0:1", TLS_CERT_FILE=str(pem), TLS_KEY_FILE=str(pem))
    assert secured.problems(has_keys=True) == []


def test_half_of_tls_and_tls_that_is_not_wanted_are_refused(tmp_path: Path) -> None:
    pem = tmp_path / "file.pem"
    pem.write_text("")
    assert "go together" in read(TLS_CERT_FILE=str(pem)).problems(has_keys=True)[0]
    both = read(TLS_CERT_FILE=str(pem), TLS_KEY_FILE=str(pem), INSECURE="true")
    assert "contradicts" in both.problems(has_keys=True)[0]


def test_the_clock_can_be_set_on_loopback_without_keys_only() -> None:
    clock = "2027-05-10T08:00:00Z"
    assert read(CLOCK=clock).problems(has_keys=False) == []
    assert len(read(CLOCK=clock).problems(has_keys=True)) == 1
    assert len(read(CLOCK=clock, LISTEN="0.0.0.0:1", INSECURE="true").problems(has_keys=True)) == 1


def test_servers_on_postgresql_share_their_token_keys() -> None:
    (problem,) = read(DATABASE_URL=POSTGRES).problems(has_keys=False)
    assert problem.startswith("SCHEDSVC_TOKEN_KEYS ")
    assert read(DATABASE_URL=POSTGRES, TOKEN_KEYS=f"0:{KEY}").problems(has_keys=False) == []


def test_several_workers_need_postgresql_and_a_port() -> None:
    assert "PostgreSQL" in read(WORKERS="2").problems(has_keys=False)[0]
    shared = read(DATABASE_URL=POSTGRES, TOKEN_KEYS=f"0:{KEY}", WORKERS="2", LISTEN="127.0.0.1:0")
    assert "port" in shared.problems(has_keys=False)[0]


def test_the_file_of_a_sqlite_url_is_found() -> None:
    assert read(DATABASE_URL="sqlite+aiosqlite:////var/lib/s.db?x=1").sqlite_file == Path("/var/lib/s.db")
    assert read().sqlite_file == Path("schedsvc.db")
    assert read(DATABASE_URL=POSTGRES, TOKEN_KEYS=f"0:{KEY}").sqlite_file is None
