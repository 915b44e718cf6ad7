from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schedsvc.domain.credentials import SECRET_BYTES, Credential, is_tenant, parse

TENANTS = st.from_regex(r"[a-z0-9-]{1,32}", fullmatch=True)
IDS = st.from_regex(r"[a-z0-9-]{1,64}", fullmatch=True)
SECRETS = st.binary(min_size=SECRET_BYTES, max_size=SECRET_BYTES)
CREDENTIALS = st.builds(Credential, TENANTS, IDS, SECRETS)
ANY = Credential("default", "0123456789abcdef", bytes(range(32)))


@given(CREDENTIALS)
def test_a_key_is_read_as_it_was_written(credential: Credential) -> None:
    assert parse(credential.text()) == credential


@given(CREDENTIALS, st.data())
def test_no_key_with_one_wrong_character_is_taken_for_a_key(credential: Credential, data: st.DataObject) -> None:
    text = credential.text()
    place = data.draw(st.integers(0, len(text) - 1))
    wrong = data.draw(st.characters(codec="ascii").filter(lambda letter: letter != text[place]))
    assert parse(text[:place] + wrong + text[place + 1 :]) is None


@given(st.text(max_size=300))
def test_any_text_can_be_read(text: str) -> None:
    assert parse(text) is None


@pytest.mark.parametrize("change", [str.upper, "{}\n".format, " {}".format, lambda text: text[1:]])
def test_a_key_is_taken_literally(change: Callable[[str], str]) -> None:
    assert parse(change(ANY.text())) is None


def test_only_the_digest_of_the_same_secret_matches() -> None:
    other = Credential(ANY.tenant, ANY.id, bytes(32))
    assert ANY.matches(ANY.digest())
    assert not other.matches(ANY.digest())
    assert not ANY.matches(bytes(32))
    assert not ANY.matches(b"")


def test_the_shape_of_a_key_is_known_to_secret_scanners() -> None:
    assert re.fullmatch(r"schedsvc_[a-z0-9-]{1,32}_[a-z0-9-]{1,64}_[0-9a-f]{72}", ANY.text())


def test_the_secret_is_not_in_what_is_printed() -> None:
    assert ANY.secret.hex() not in repr(ANY)
    assert repr(ANY.secret) not in repr(ANY)


@pytest.mark.parametrize("text", ["", "a" * 33, "A", "a_b", "a.b", "ä", "a\n"])
def test_a_tenant_is_1_to_32_of_lower_case_letters_digits_and_hyphens(text: str) -> None:
    assert is_tenant("tenant-1")
    assert not is_tenant(text)
