"""What other calendar servers are asked, and how their answers are read."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from benchmarks import caldav, cyrus, ics
from benchmarks.children import ROOT
from benchmarks.peers import PEERS, Peer, missing

NINE = int(datetime(2027, 3, 5, 9, tzinfo=UTC).timestamp())
HOUR = 3600


def answer(*lines: str) -> bytes:
    return "\r\n".join(["BEGIN:VCALENDAR", "BEGIN:VFREEBUSY", *lines, "END:VFREEBUSY", "END:VCALENDAR", ""]).encode()


@pytest.mark.parametrize(
    "line",
    [
        "FREEBUSY:20270305T090000Z/20270305T100000Z",
        "FREEBUSY;FBTYPE=BUSY:20270305T090000Z/PT1H",
        "FREEBUSY;VALUE=PERIOD:20270305T090000Z/PT60M",
        "FREEBUSY:20270305T09\r\n 0000Z/P0DT0H59M60S",
    ],
)
def test_a_period_is_read_in_every_form(line: str) -> None:
    assert list(caldav.periods(answer(line))) == [(NINE, NINE + HOUR)]


def test_one_line_may_hold_many_periods() -> None:
    line = "FREEBUSY:20270305T090000Z/20270305T100000Z,20270305T110000Z/PT30M"
    assert list(caldav.periods(answer(line))) == [(NINE, NINE + HOUR), (NINE + 2 * HOUR, NINE + 2 * HOUR + 1800)]


def test_free_periods_and_other_properties_are_no_taken_time() -> None:
    lines = [
        "FREEBUSY;FBTYPE=FREE:20270305T090000Z/PT1H",
        "DTSTART:20270305T000000Z",
        "X-FREEBUSY:20270305T090000Z/PT1H",
    ]
    assert list(caldav.periods(answer(*lines))) == []


def test_a_question_is_one_free_busy_query_with_its_range() -> None:
    query = ET.fromstring(caldav.question(NINE, NINE + HOUR))
    assert query.tag == "{urn:ietf:params:xml:ns:caldav}free-busy-query"
    assert [element.attrib for element in query] == [{"start": "20270305T090000Z", "end": "20270305T100000Z"}]


@pytest.mark.parametrize("peer", [peer for peer in PEERS if peer.name != "Cyrus"], ids=lambda peer: peer.name)
def test_a_peer_listens_on_this_machine_alone_and_keeps_all_in_its_folder(peer: Peer, tmp_path: Path) -> None:
    arguments = " ".join(peer.arguments(tmp_path, 5232))
    assert "127.0.0.1" in arguments
    assert f"{tmp_path}/collections" in arguments


def test_cyrus_listens_on_this_machine_alone_and_keeps_all_in_its_folder() -> None:
    given = {"folder": "/folder", "programs": "/programs", "port": 5232, "account": "nobody"}
    heard = re.findall('listen="(.*)"', cyrus.SERVICES.format(**given))
    assert heard == ["127.0.0.1:5232", "/folder/state/socket/lmtp"]
    kept = re.findall("(?:directory|partition-default): (.*)", cyrus.SETTINGS.format(**given))
    assert kept == ["/folder/state", "/folder/collections"]


@pytest.mark.parametrize("peer", PEERS, ids=lambda peer: peer.name)
def test_a_peer_that_is_not_there_says_how_to_get_it(peer: Peer, tmp_path: Path) -> None:
    assert str(missing(peer._replace(program=tmp_path / "none"))) == f"{peer.name} is not installed; {peer.source}"
    assert missing(peer._replace(program=tmp_path, besides=tmp_path)) is None


def test_the_requirements_of_peers_are_names_and_versions_only() -> None:
    lines = (ROOT / "benchmarks" / "peers.txt").read_text().splitlines()
    pinned = [line.split("==") for line in lines if not line.startswith("#")]
    assert {len(parts) for parts in pinned} == {2}
    assert {"Radicale", "xandikos"} <= {name for name, _ in pinned}


def test_a_file_is_a_calendar_with_its_components_between() -> None:
    lines = ics.file(ics.ZONE_LINES, ics.single(1, NINE)).decode().split("\r\n")
    assert (lines[0], lines[-2:]) == ("BEGIN:VCALENDAR", ["END:VCALENDAR", ""])
    assert [line for line in lines if line.startswith(("DTSTART:2027", "DTEND"))] == [
        "DTSTART:20270305T090000Z",
        "DTEND:20270305T093000Z",
    ]
