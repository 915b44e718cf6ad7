"""Templates replace names by values once, and do nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schedsvc.domain.templates import (
    MissingVariables,
    Variable,
    VariableType,
    render,
    variables,
)

VALUES = {"name": "Ann", "email": "ann@example.com"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Call with {{name}} <{{email:email}}>", "Call with Ann <ann@example.com>"),
        ("{{name}}{{name}}", "AnnAnn"),
        ("{{topic=no topic}}", "no topic"),
        ("{{topic:text=}}|", "|"),
        ("{{name=somebody}}", "Ann"),
        ("no variables, } and { and }}", "no variables, } and { and }}"),
    ],
)
def test_a_variable_becomes_its_value_or_its_default(text: str, expected: str) -> None:
    assert render(text, VALUES) == expected


@pytest.mark.parametrize(
    "text",
    [
        "{{ {{name}} }}",
        "{{{{name}}}}",
        "{{name.__class__}}",
        "{{name[0]}}",
        "{{ name }}",
        "{{name|upper}}",
        "{{name=a{b}}",
        "{{}}",
        "{{1name}}",
        "{{name",
        "{{" * 5_000,
        "{" * 10_000,
    ],
)
def test_what_is_no_variable_stays_as_it_is_written(text: str) -> None:
    assert render(text, VALUES) == text
    assert variables(text) == ()


def test_an_empty_value_beats_the_default() -> None:
    assert render("[{{name=somebody}}]", {"name": ""}) == "[]"


@given(st.text(st.sampled_from("{}name:=. "), max_size=30))
def test_a_value_is_never_read_again(value: str) -> None:
    assert render("<{{name}}>", {"name": value + "{{email}}"}) == f"<{value}{{{{email}}}}>"


def test_missing_values_are_all_named_in_order_and_once() -> None:
    with pytest.raises(MissingVariables) as caught:
        render("{{b}} {{a}} {{b}} {{c=}} {{name}}", VALUES)
    assert caught.value.names == ("b", "a")


def test_variables_are_listed_once_over_all_texts_with_type_and_default() -> None:
    found = variables("{{name}} {{when:date=today}}", "{{name:string=x}} {{age:integer}} {{age}}")
    assert found == (
        Variable("name", VariableType.STRING, None),
        Variable("when", VariableType.DATE, "today"),
        Variable("age", VariableType.INTEGER, None),
    )


@pytest.mark.parametrize("text", ["{{a:uuid}}", "{{a:integer}} {{a:date}}"])
def test_unknown_and_contradicting_types_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="the variable a has"):
        variables(text)


@pytest.mark.timeout(10)
@pytest.mark.parametrize(
    "unit",
    ["{", "}", "{{", "{{a", "{{a=", "{{a:", "{{a}", "{{a=x}", "{{}", "{{a}}{{", "{{" + "x" * 99],
)
def test_a_megabyte_of_braces_is_read_in_linear_time(unit: str) -> None:
    text = unit * (1_000_000 // len(unit))
    assert len(render(text, {"a": "{{a}}"})) >= len(text) // 2
    assert len(variables(text)) <= 1


@pytest.mark.timeout(10)
def test_a_megabyte_after_an_opening_is_read_in_linear_time() -> None:
    for opening in ("{{a=", "{{a:", "{{a", "{{"):
        text = opening + "x" * 1_000_000
        assert render(text, {}) == text
