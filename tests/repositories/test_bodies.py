"""How records are written down."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schedsvc.repositories.sql.bodies import at, dump, escaped, load, micros, unescaped
from schedsvc.repositories.sql.errors import StoreFault
from schedsvc.repositories.sql.padding import padded

# What a decoder of UTF-8 can give: no surrogates.
TEXT = st.text(st.characters(exclude_categories=["Cs"]))


def test_equal_documents_give_equal_compact_texts() -> None:
    first, second = dump({"b": {"y": "ü", "x": 1}, "a": None}), dump({"a": None, "b": {"x": 1, "y": "ü"}})
    assert first == second == '{"a":null,"b":{"x":1,"y":"ü"},"v":2}'


def test_a_body_of_a_later_version_is_refused() -> None:
    with pytest.raises(StoreFault, match="version 3, made by a later program"):
        load('{"v":3}')


@pytest.mark.parametrize("version", [1, 2])
def test_bodies_of_this_and_earlier_versions_are_read(version: int) -> None:
    assert load(f'{{"a":1,"v":{version}}}')["a"] == 1


@given(st.dictionaries(TEXT.filter(lambda key: key != "v"), TEXT))
def test_documents_come_back(document: dict[str, str]) -> None:
    text = dump(document)
    assert "\x00" not in text
    assert load(text) == document | {"v": 2}


@given(TEXT)
def test_escaping_takes_nul_away_and_can_be_undone(text: str) -> None:
    assert "\x00" not in escaped(text)
    assert unescaped(escaped(text)) == text


@given(st.datetimes(timezones=st.just(UTC)))
def test_microseconds_name_every_time_exactly(time: datetime) -> None:
    assert at(micros(time)) == time
    if time < datetime.max.replace(tzinfo=UTC):
        assert micros(time + timedelta(microseconds=1)) == micros(time) + 1


@given(st.lists(st.integers(), min_size=1, max_size=100))
def test_padding_repeats_the_last_up_to_a_power_of_two(values: list[int]) -> None:
    longer = padded(values)
    assert longer[: len(values)] == values
    assert set(longer) == set(values)
    assert len(longer).bit_count() == 1
    assert len(longer) < 2 * len(values) or len(values) == 1


def test_an_empty_list_cannot_be_padded() -> None:
    with pytest.raises(ValueError, match="cannot be empty"):
        padded([])
