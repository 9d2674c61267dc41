"""Which keys protect what, how well that is known, and who can use them."""

from __future__ import annotations

import pytest

from flagstate.assess.custody import estate
from flagstate.assess.forms import parts
from flagstate.assess.keys import Protection, Regime, key_use, keys
from flagstate.assess.search import find, see
from flagstate.assess.subject import Subject
from flagstate.assess.ways import NEVER, Ways, at_least, both, either, least, shrink, singles
from reach_worlds import DAY, Row, asset, firm, has, held, world


def bits(mask: int) -> tuple[object, ...]:
    return (mask.bit_count(), mask)


def form(**given: list[Row]) -> Row:
    """Return the protections of what the store holds, in its one form."""
    base = {"asset": [asset("store"), asset("k1", "key"), asset("k2", "key")]}
    tables = world(**base | given)
    known = estate(tables, DAY)
    subject = Subject("store", "store", layers={"store": 0})
    (part,) = parts(tables, [subject], known, DAY)["store"]
    return {"keys": part.form.keys, "state": part.form.state, "presumed": part.form.presumed, "held": part.held}


def test_keys_of_the_holding_and_of_its_asset_are_all_needed() -> None:
    found = form(holding=[held("store", keys=["k1"])], interest=[has("k2", "protects", "store")])
    assert found["keys"] == (Protection("k1", evidenced=True), Protection("k2", evidenced=True))


def test_what_is_said_of_the_whole_asset_holds_for_what_was_found_in_it() -> None:
    said = held("store", keys=["k1"]) | {"container": None, "stance": "declared"}
    seen = held("store", None) | {"stance": "observed"}
    rows = [said, seen, seen | {"data_class": "email"}]
    tables = world(asset=[asset("store"), asset("k1", "key")], holding=rows)
    listed = parts(tables, [Subject("store", "store", layers={"store": 0})], estate(tables, DAY), DAY)["store"]
    keyed = {(one.container, one.data_class): part.form.keys for part in listed for one in part.held}
    assert keyed["orders", "card"] == (Protection("k1", evidenced=False),)
    assert keyed["orders", "email"] == ()  # nothing is said of that class


@pytest.mark.parametrize(
    ("kind", "said", "state", "presumed"),
    [
        ("store", None, "stored", True),
        ("system", None, "used", True),
        ("edge", None, "used", True),
        ("system", "stored", "stored", False),
        ("store", "nonsense", "stored", True),
    ],
)
def test_a_state_that_nobody_says_is_presumed(kind: str, said: str | None, state: str, presumed: bool) -> None:
    found = form(asset=[asset("store", kind)], holding=[held("store", said)])
    assert (found["state"], found["presumed"]) == (state, presumed)


def test_nothing_known_is_whatever_is_there() -> None:
    found = form()
    assert found["held"] == []
    assert found["state"] == "stored"


def test_a_regime_counts_evidence_and_leaves_out_what_is_in_dispute() -> None:
    listed = [Protection("a", evidenced=True), Protection("b"), Protection("c", evidenced=True, disputed=True)]
    assert Regime().active(listed) == ("a", "c")
    assert Regime(declared=True).active(listed) == ("a", "b", "c")
    assert Regime(declared=True, disputed=False).active(listed) == ("a", "b")
    deep = [Protection("a", evidenced=True), Protection("d", evidenced=True, depth=1)]
    assert Regime().active(deep, 0) == ("a",)
    assert Regime().active(deep, 1) == ("a", "d")


def test_who_can_use_a_key() -> None:
    tables = world(
        legal_entity=[firm("a", "DE")],
        asset=[asset("k1", "key", "vault"), asset("vault", "host"), asset("lonely", "key")],
        interest=[
            has("a", "holds_key", "k1"),
            has("b", "uses_key", "k1"),
            has("c", "operates", "vault"),
            has("d", "employs", "b"),
            has("e", "supplies", "k1"),
        ],
    )
    known = estate(tables, DAY)
    rows = {(row["entity_id"], row["kind"]) for row in key_use(known).to_pylist()}
    assert rows == {("a", "holds_key"), ("b", "uses_key"), ("c", "operates"), ("d", "uses_key")}
    found = keys(known, ["k1", "lonely", "nowhere"])
    assert {name: key.known for name, key in found.items()} == {"k1": True, "lonely": False, "nowhere": False}


def test_a_long_chain_of_keys_and_a_circle_of_them_end() -> None:
    size = 300
    names = [f"k{n}" for n in range(size)]
    wraps = [has(names[n + 1], "protects", names[n]) for n in range(size - 1)]
    given = {
        "legal_entity": [firm("a", "CN"), firm("b", "DE")],
        "asset": [asset("store"), *(asset(name, "key") for name in names)],
        "interest": [has("a", "operates", "store"), *wraps],
        "holding": [held("store", keys=["k0"])],
    }
    # A circle is open to who has all of its keys, and to nobody who lacks one.
    for closed, last, reached in ((False, "a", True), (True, "a", True), (True, "b", False), (False, "b", False)):
        circle = [has(names[0], "protects", names[-1])] if closed else []
        circle += [has("a", "operates", name) for name in names[:-1]] + [has(last, "operates", names[-1])]
        tables = world(**given | {"interest": [*given["interest"], *circle]})
        rows = [
            {"government": "CN", "entity_id": "a", "basis": "organised", "law": "L", "proof": "L", "status": "sourced"}
        ]
        blank = dict.fromkeys(("stance", "contested", "disputed", "gag", "remedy", "via_id", "facts"))
        proofs = find(see(tables, [blank | row for row in rows], DAY, laws=()))
        assert [proof.data for proof in proofs] == ["clear" if reached else "metadata"]


def test_sets_stay_minimal() -> None:
    assert least([0b11, 0b1, 0b110, 0b110]) == [0b1, 0b110]
    assert both(singles(0b11), singles(0b110), bits).sets == (0b10, 0b101)
    assert either(singles(0b1), Ways((0b11, 0b110)), bits).sets == (0b1, 0b110)
    assert set(at_least(2, [singles(0b1), singles(0b10), singles(0b100)], bits).sets) == {0b11, 0b101, 0b110}
    assert at_least(2, [singles(0b1), NEVER], bits).sets == ()
    assert at_least(2, [singles(0b1), singles(0b1)], bits).sets == (0b1,)  # one party with two shares
    assert shrink(0b111, lambda mask: bool(mask & 0b10), bits) == 0b10
