"""What holds for every RPC of the contract, whichever it is."""

from __future__ import annotations

import pytest

from tests.rpc.callers import METHODS, WRITES, Caller
from tests.rpc.requests import BUILDERS, World


def test_every_rpc_has_a_request_builder_and_nothing_else_has() -> None:
    assert set(BUILDERS) == set(METHODS)


def test_every_write_has_validate_only_and_a_request_id_and_no_read_has() -> None:
    wanted = {"validate_only", "request_id"}
    found = {name: wanted & set(method.input_type.fields_by_name.keys()) for name, method in METHODS.items()}
    assert found == {name: wanted if name in WRITES else set() for name in METHODS}


@pytest.mark.parametrize("name", BUILDERS)
async def test_the_request_is_answered(name: str, alpha: Caller, world: World) -> None:
    answer = await alpha.send(name, BUILDERS[name](world))
    assert answer.message.DESCRIPTOR.full_name == METHODS[name].output_type.full_name
