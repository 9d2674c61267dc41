"""The same traffic as a capture, as Zeek's logs in text and JSON, and as Suricata's events ends in the same flows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import same_traffic
from pipeline_world import run

FORMS: dict[str, Callable[[Path], object]] = {
    "capture": lambda folder: same_traffic.capture(folder / "traffic.pcap"),
    "tsv": lambda folder: same_traffic.zeek(folder, form="tsv"),
    "json": lambda folder: same_traffic.zeek(folder, form="json"),
    "eve": lambda folder: same_traffic.eve(folder / "eve.json"),
}
LACKS = {"eve": {"orig_bytes", "resp_bytes", "unsized_conns"}}
"""What a format lacks: Suricata counts the bytes of frames; of the payload only a lower bound is proved, or nothing."""
NOT_TRAFFIC = {"fact_id", "evidence_id"}
"""Which artefact says so is of course another one."""


def flows(folder: Path, form: str) -> list[dict[str, object]]:
    """Return the flows that an audit of one form ends in, in a stable order."""
    given = folder / form
    given.mkdir(exist_ok=True)
    FORMS[form](given)
    rows = run(given, case=folder / f"{form}-case").tables["flow"].to_pylist()
    kept = [{name: value for name, value in row.items() if name not in NOT_TRAFFIC} for row in rows]
    return sorted(kept, key=lambda row: (str(row["resp_h"]), str(row["resp_p"])))


@pytest.fixture(scope="module")
def of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], list[dict[str, object]]]:
    """Return a function from a form to its flows; each is audited once."""
    folder, known = tmp_path_factory.mktemp("same"), {}

    def asked(form: str) -> list[dict[str, object]]:
        if form not in known:
            known[form] = flows(folder, form)
        return known[form]

    return asked


@pytest.mark.parametrize("form", sorted(FORMS))
def test_flows_are_those_of_the_truth(of: Callable[[str], list[dict[str, object]]], form: str) -> None:
    """Against the sessions themselves: one format could be wrong like another."""
    rows = of(form)
    ends: dict[tuple[str, int], list[same_traffic.Session]] = {}
    for one in same_traffic.SESSIONS:
        ends.setdefault((one.far, one.port), []).append(one)
    assert {(row["resp_h"], row["resp_p"]) for row in rows} == set(ends)
    for row in rows:
        mine = ends[str(row["resp_h"]), int(str(row["resp_p"]))]
        assert row["conns"] == len(mine)
        assert row["failed_conns"] == sum(one.state != "SF" for one in mine)
        assert row["server_name"] == (mine[0].name if mine[0].kind in ("http", "ssl") else None)
        assert row["max_duration_us"] == max(one.duration_us for one in mine) or mine[0].kind == "silent"
        sent, back = (sum(one.size(end) for one in mine) for end in (True, False))
        if form in LACKS:
            assert 0 <= int(str(row["orig_bytes"])) <= sent
            # Never told that nothing left where something did.
            assert int(str(row["orig_bytes"])) > 0 or row["unsized_conns"] or not sent
        else:
            assert (row["orig_bytes"], row["resp_bytes"]) == (sent, back)


@pytest.mark.parametrize("form", [form for form in sorted(FORMS) if form != "tsv"])
def test_every_form_ends_in_the_same_flows(of: Callable[[str], list[dict[str, object]]], form: str) -> None:
    lacks = LACKS.get(form, set())

    def told(name: str) -> list[dict[str, object]]:
        return [{key: value for key, value in row.items() if key not in lacks} for row in of(name)]

    assert told(form) == told("tsv")
