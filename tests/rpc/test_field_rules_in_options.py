"""The generated code does not import the rules' definition; they are read from the options."""

from __future__ import annotations

import protovalidate

from schedsvc.v1.accounts_pb2 import Account


def test_rules_of_the_protos_are_found_though_their_definition_is_not_imported() -> None:
    account = Account(display_name="x" * 257, email="not an address")
    violations = protovalidate.collect_violations(account)
    found = {violation.proto.rule_id for violation in violations}
    assert found == {"string.max_len", "string.email"}
