"""The plan over the real derivation: small worlds in the words of the declaration, and all sets of their measures."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from random import Random

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import test_assess_plan as toys
from flagstate import model
from flagstate.assess import compelled
from flagstate.assess.plan import Instance, Violation, apply, cheapest, instance_named, plan
from flagstate.assess.plan_instances import Binder
from flagstate.assess.plan_violations import violations
from flagstate.assess.plan_words import lines
from flagstate.catalog import form, strict
from flagstate.catalog.measures import measures
from flagstate.enrich import control
from flagstate.errors import UsageError
from flagstate.read import estate

DAY = date(2026, 11, 22)
HUB = """
entities:
  group: {organised_in: [US]}
  cloud: {organised_in: [DE], owned_by: {group: 100}}
  shop: {organised_in: [DE]}
  ops: {kind: group, located_in: [IN], employed_by: shop, administers: wms}
assets:
  fra: {kind: host, place: DE, operated_by: cloud}
  wms: {kind: system, runs_on: fra, critical: true, operated_by: shop, controller_by: shop}
  bucket: {kind: store, place: DE, operated_by: cloud, controller_by: shop}
holdings:
  - {at: wms, container: orders, classes: [person_name], state: used}
  - {at: bucket, container: orders, classes: [person_name], state: stored}
"""
POLICY = "policy: {accept_reach: [EU]}\n"


def world(text: str, stance: str = "configured") -> dict[str, pa.Table]:
    """Return the facts of a declaration, as if they were configured; policy and measures are always declared."""
    root = strict.load(text.encode(), name="world.yaml")
    form.check(root, estate.schema())
    rows, _ = estate.collect_facts(root, str)
    tables = {name: model.empty(noun) for name, noun in model.NOUNS.items()}
    for name, listed in rows.items():
        noun = model.NOUNS[name]
        said = "declared" if name in ("policy", "measure") else stance
        tables[name] = model.stamp(model.rows(noun, listed), noun, stance=said, evidence_id="e")
    return tables


def derive(tables: dict[str, pa.Table]) -> list[Violation]:
    made = {**tables, **control.control(tables, DAY, of=None)}
    made["compelled"] = compelled.compelled(
        made["legal_entity"], made["interest"], made["control_chain"], as_of=DAY, contradictions=made["contradiction"]
    )
    return violations(made, DAY)


def offered(tables: dict[str, pa.Table]) -> dict[str, Instance]:
    """Return the measures near what is unwanted."""
    binder, base = Binder(tables, DAY), derive(tables)
    return {one.measure_id: one for one in binder.bind(binder.near(base))}


def chosen(tables: dict[str, pa.Table], rank: int = 1) -> set[str]:
    return set(toys.names(plan(tables, derive, DAY), rank))


def test_the_plan_cures_everything_and_nothing_in_it_is_superfluous() -> None:
    tables = world(HUB + "policy: {accept_reach: [EU], must_survive: [US]}\n")
    made = plan(tables, derive, DAY)
    known = offered(tables)
    assert {row["state"] for row in made.to_pylist() if row["rank"] == 1} == {"optimal"}
    best = toys.names(made)
    assert derive(apply(tables, [known[key] for key in best])) == []
    for left_out in best:
        rest = derive(apply(tables, [known[key] for key in best if key != left_out]))
        row = next(r for r in made.to_pylist() if r["measure_id"] == left_out and r["rank"] == 1)
        assert set(row["cures"]) == {violation.finding_id for violation in rest} != set()
    assert made["total"][0].as_py() == sum(known[key].cost for key in best)
    shown = "\n".join(lines(made))
    assert "cheapest" in shown
    assert "opens:" in shown


def test_without_a_policy_nothing_is_unwanted() -> None:
    assert plan(world(HUB), derive, DAY)["state"].to_pylist() == ["nothing"]


def test_hypothetical_parties_are_out_of_reach_by_where_they_are_and_not_by_their_name() -> None:
    tables = world(HUB + POLICY)
    move = offered(tables)["other_operator:est:fra:est:cloud"]
    after = apply(tables, [move])
    new = next(row for row in after["legal_entity"].to_pylist() if row["entity_id"].startswith("plan:"))
    assert (new["organised_in"], new["status"], new["stance"], new["evidence_id"]) == (
        ["DE"], "fictitious", "configured", "planned",
    )  # fmt: skip
    assert "hypothetical" in new["name"]
    assert not [v for v in derive(after) if v.subject == "est:wms" and v.counterparty == "US"]
    index = after["legal_entity"].column_names.index("organised_in")
    moved = [
        ["US"] if row["entity_id"] == new["entity_id"] else row["organised_in"]
        for row in after["legal_entity"].to_pylist()
    ]
    there = after["legal_entity"].set_column(index, "organised_in", pa.array(moved, pa.list_(pa.string())))
    assert [v for v in derive(after | {"legal_entity": there}) if v.subject == "est:wms" and v.counterparty == "US"]


def test_who_accepts_nobody_is_offered_no_hypothetical_party() -> None:
    tables = world(HUB + "policy: {accept_reach: []}\n")
    assert not [one for one in offered(tables).values() if "plan:operator" in str(one.edits.inserts)]
    assert {row["state"] for row in plan(tables, derive, DAY).to_pylist()} == {"ban"}


def test_what_is_not_possible_is_not_chosen_and_what_costs_more_is_weighed_anew() -> None:
    first = chosen(world(HUB + POLICY))
    assert {"hold_own_keys:est:bucket", "confidential_computing:est:wms"} < first
    said = "measures:\n  no: {measure: hold_own_keys, asset: bucket, possible: false}\n"
    assert "hold_own_keys:est:bucket" not in chosen(world(HUB + POLICY + said))
    dear = "dear: {measure: hold_own_keys, cost: 999}"
    said = f"measures: {{no: {{measure: confidential_computing, possible: false}}, {dear}}}\n"
    second = chosen(world(HUB + POLICY + said))
    assert not [key for key in second if key.startswith(("confidential_computing", "hold_own_keys"))]
    assert "other_operator:est:fra:est:cloud" in second
    said = "measures:\n  cheap: {measure: exit, asset: bucket, cost: 1, lead_days: 2}\n"
    made = plan(world(HUB + POLICY + said), derive, DAY)
    row = next(row for row in made.to_pylist() if row["measure_id"] == "exit:est:bucket")
    assert (row["cost"], row["lead_days"]) == (1, 2)


def test_a_measure_of_the_users_own_names_who_takes_over_and_where() -> None:
    said = "measures: {mine: {measure: other_operator, asset: fra, entity: cloud, to: shop, cost: 3}}\n"
    tables = world(HUB + POLICY + said)
    made = plan(tables, derive, DAY)
    assert "est:measure:mine" in toys.names(made)
    assert "Let shop run fra instead of cloud" in made["words"].to_pylist()
    after = apply(tables, [instance_named("mine", tables, DAY)])
    assert ("est:shop", "est:fra", "operates") in {
        (row["holder_id"], row["subject_id"], row["kind"]) for row in after["interest"].to_pylist()
    }
    there = "measures: {there: {measure: move, asset: bucket, place: US, cost: 1}}\n"
    moved = apply(tables := world(HUB + POLICY + there), [instance_named("there", tables, DAY)])
    assert ("est:bucket", "US") in {(r["subject_id"], r["country"]) for r in moved["place"].to_pylist()}
    assert "est:measure:there" not in chosen(tables)


def test_one_party_may_take_over_everywhere_and_hostile_names_are_only_names() -> None:
    said = "measures: {mine: {measure: other_operator, to: shop, cost: 3}}\n"
    hostile = HUB.replace("bucket: {kind", 'bucket: {name: "{asset} {0} \\e[31m %s", kind')
    tables = world(hostile + POLICY + said)
    best = chosen(tables)
    assert {"est:measure:mine:est:fra:est:cloud", "est:measure:mine:est:bucket:est:cloud"} <= best
    assert "{asset} {0}" in "\n".join(lines(plan(tables, derive, DAY)))


@pytest.mark.parametrize("said", ["mvoe, asset: wms", "moon"])
def test_a_measure_that_there_is_not_is_told_and_stops_nothing(said: str) -> None:
    tables = world(HUB + POLICY + f"measures: {{odd: {{measure: {said}}}}}\n")
    made = plan(tables, derive, DAY)
    assert made["state"].to_pylist() == ["not_proved"]
    assert "There is no measure" in made["words"][0].as_py()


def test_a_person_names_a_measure_by_code_and_thing() -> None:
    tables = world(HUB + POLICY)
    for text in ("move:wms", "measure:move:wms", "move:est:wms"):
        assert instance_named(text, tables, DAY).measure_id == "move:est:wms"
    assert instance_named("other_operator:fra", tables, DAY).measure_id == "other_operator:est:fra:est:cloud"
    for text, hint in (("mvoe:wms", "Did you mean move"), ("move:moon", "such as move:wms"), ("move", "may be")):
        with pytest.raises(UsageError) as error:
            instance_named(text, tables, DAY)
        assert hint in str(error.value)


def test_the_service_itself_is_not_given_up_and_a_need_is_not_left_empty() -> None:
    tables = world(HUB + "needs: {wms: [[bucket]]}\n" + POLICY + "measures: {x: {measure: exit, cost: 1}}\n")
    assert not [key for key in offered(tables) if key in ("exit:est:wms", "exit:est:fra")]
    assert "exit:est:bucket" not in chosen(tables)
    tables = world(HUB + POLICY + "measures: {x: {measure: exit, cost: 1}}\n")
    assert "exit:est:bucket" in chosen(tables)


def test_a_declared_key_counts_once_it_is_proved_and_no_earlier() -> None:
    store = """
entities: {cloud: {organised_in: [US]}, shop: {organised_in: [DE]}}
assets:
  bucket: {kind: store, place: DE, operated_by: cloud, controller_by: shop}
  hsm: {kind: key, place: DE, operated_by: shop, key_held_by: shop}
holdings: [{at: bucket, container: orders, classes: [person_name], state: stored, keys: [hsm]}]
"""
    assert plan(world(store + POLICY), derive, DAY)["state"].to_pylist() == ["nothing"]
    assert chosen(world(store + POLICY, "declared")) == {"prove_key:est:hsm:est:bucket"}
    # That the key protects is configured; in whose hands it is, only declared.
    tables = world(store + POLICY)
    rows = [
        row | ({"stance": "declared"} if row["subject_id"] == "est:hsm" else {})
        for row in tables["interest"].to_pylist()
    ]
    assert chosen({**tables, "interest": model.rows(model.INTEREST, rows)}) == {"prove_key:est:hsm:est:bucket"}


def test_a_clause_and_an_approval_alone_cure_no_reach() -> None:
    assert measures()["contract_clause"].questions == ("rules",)
    store = """
entities:
  shop: {organised_in: [DE]}
  ops: {kind: group, located_in: [IN], employed_by: shop, administers: bucket}
assets:
  bucket: {kind: store, place: DE, operated_by: shop, controller_by: shop}
  hsm: {kind: key, place: DE, operated_by: RUNS, key_held_by: shop, key_used_by: ops}
holdings: [{at: bucket, container: orders, classes: [person_name], state: stored, keys: [hsm]}]
policy: {accept_reach: [EU]}
"""
    assert chosen(world(store.replace("RUNS", "shop"))) == {"just_in_time_access:est:hsm:est:ops"}
    inside = world(store.replace("RUNS", "ops"))
    jit = offered(inside)["just_in_time_access:est:hsm:est:ops"]
    assert derive(apply(inside, [jit]))


def test_a_second_provider_comes_with_its_test_and_no_test_alone_cures() -> None:
    text = """
entities: {idp: {organised_in: [US]}, shop: {organised_in: [DE]}}
assets:
  sso: {kind: service, operated_by: idp}
  wms: {kind: system, place: DE, operated_by: shop, critical: true}
needs: {wms: [[sso]]}
policy: {must_survive: [US]}
measures: {no: {measure: other_operator, possible: false}}
"""
    tables = world(text)
    assert chosen(tables) == {"second_provider:est:wms:1", "test_failover:est:wms"}
    test = offered(tables)["test_failover:est:wms"]
    assert derive(apply(tables, [test]))


def test_a_proof_that_a_measure_makes_possible_is_answered() -> None:
    # The trustee's country would switch off what now needs its key: the plan must see that.
    text = HUB + "policy: {accept_reach: [DE], must_survive: [DE]}\n"
    tables = world(
        text.replace("critical: true, ", "").replace("bucket: {kind: store", "bucket: {kind: store, critical: true")
    )
    made = plan(tables, derive, DAY)
    assert {row["state"] for row in made.to_pylist()} == {"ban"}
    assert any("stops" in str(row["proof"]) for row in made.to_pylist())


def some_world(rng: Random) -> str:
    """Return a random small world: who runs, owns, updates and holds keys, where, and what the policy accepts."""

    def pick(*words: str) -> str:
        return rng.choice(words)

    keyed = [pick(", keys: [hsm]", "") for _ in range(2)]
    return f"""
entities:
  parent: {{organised_in: [{pick("CN", "US")}]}}
  second: {{organised_in: [{pick("DE", "US", "CN")}]}}
  cloud: {{organised_in: [{pick("DE", "US")}], owned_by: {{parent: {pick("30", "49", "50", "60", "100")}}}}}
  shop: {{organised_in: [{pick("DE", "DE", "US")}]{pick("", ", owned_by: {parent: 51, second: 30}")}}}
  ops: {{kind: group, located_in: [{pick("IN", "US", "DE")}], employed_by: shop, administers: {pick("wms", "bucket")}}}
assets:
  fra: {{kind: host, place: {pick("DE", "DE", "US")}, operated_by: {pick("cloud", "shop")}}}
  wms: {{kind: {pick("system", "service")}, runs_on: fra, critical: {pick("true", "false")}, operated_by: shop,
    controller_by: shop{pick("", ", updated_by: cloud", ", licensed_by: second")}}}
  bucket: {{kind: store, place: {pick("DE", "US")}, operated_by: {pick("cloud", "shop")}, controller_by: shop}}
  sso: {{kind: service, place: {pick("DE", "US")}, operated_by: {pick("cloud", "second", "shop")}}}
  hsm: {{kind: key, place: {pick("DE", "US")}, key_held_by: {pick("shop", "cloud")}{pick("", ", key_used_by: cloud")}}}
holdings:
  - {{at: wms, container: orders, classes: [person_name, email], state: {pick("used", "stored")}{keyed[0]}}}
  - {{at: bucket, container: orders, classes: [person_name], state: stored{keyed[1]}}}
{pick("needs: {wms: [[sso]]}", "needs: {wms: [[sso, bucket]]}", "")}
policy: {
        pick(
            "{accept_reach: [EU]}",
            "{accept_reach: [EU], must_survive: [US]}",
            "{accept_reach: [DE, US], must_survive: [CN]}",
            "{accept_reach: {person_name: [EU]}}",
            "{accept_reach: [EU], tolerate: {metadata: false}}",
        )
    }
"""


def check_real(seed: int, most: int) -> str:
    """Compare the plan with every set of some measures: those of the plan over all of them, and others by chance."""
    rng = Random(seed)
    tables = world(some_world(rng), rng.choice(["configured", "configured", "declared"]))
    known = offered(tables)
    used = [row["measure_id"] for row in plan(tables, derive, DAY).to_pylist() if row["measure_id"] in known]
    kept = list(dict.fromkeys(used))[: most - 1]
    others = [key for key in sorted(known) if key not in kept]
    names = kept + rng.sample(others, min(most - len(kept), len(others)))
    instances = [replace(known[key], cost=rng.randint(1, 6)) for key in sorted(names)]
    made = cheapest(tables, derive, instances)
    toys.check(tables, derive, instances, made)
    return str(made["state"][0])


@settings(max_examples=3, deadline=None)
@given(st.integers(0, 2**32))
def test_the_cheapest_is_the_cheapest_of_all_sets_in_small_worlds(seed: int) -> None:
    check_real(seed, 4)


def test_what_is_sent_to_an_operator_within_reach_can_be_blocked_and_only_then_is_it_gone() -> None:
    tables = world("entities: {group: {organised_in: [CN]}, cloud: {owned_by: {group: 100}}}\n" + POLICY)
    rows: dict[str, list[dict[str, object]]] = {
        "interest": [{"holder_id": "est:cloud", "subject_id": "net:AS64500", "kind": "operates", "status": "sourced"}],
        "flow": [{"resp_h": "203.0.113.9", "orig_bytes": 5000, "conns": 2, "failed_conns": 0, "day": DAY}],
        "endpoint": [{"addr": "203.0.113.9", "asn": 64500, "operator_id": "est:cloud", "operator_by": "asn"}],
    }
    for name, listed in rows.items():
        made = model.rows(model.NOUNS[name], listed)
        if name != "endpoint":
            made = model.stamp(made, model.NOUNS[name], stance="observed", evidence_id="log")
        tables[name] = pa.concat_tables([tables[name], made])
    assert {(v.subject, v.counterparty) for v in derive(tables)} == {("est:cloud", "CN")}
    assert "block_flow:est:cloud" in chosen(tables)
    after = apply(tables, [instance_named("block_flow:cloud", tables, DAY)])
    assert (after["flow"].num_rows, after["endpoint"].num_rows, derive(after)) == (0, 0, [])


def test_a_rule_that_asks_for_a_clause_is_cured_by_agreeing_on_it() -> None:
    tables = world(HUB + "agreements: {host: {kind: vendor, from: shop, to: cloud, covers: [wms]}}\n" + POLICY)

    def rule(after: dict[str, pa.Table]) -> list[Violation]:
        there = {(row["subject_id"], row["control"]) for row in after["control"].to_pylist() if row["state"] == "yes"}
        facts = frozenset(row["fact_id"] for row in after["agreement"].to_pylist())
        guard = "control:est:host:scc_2021"
        broken = ("est:host", "scc_2021") not in there and facts
        return [Violation("rule", "est:host", None, facts, frozenset({guard}), "no clause", "f")] if broken else []

    made = plan(tables, rule, DAY)
    assert toys.names(made) == {"contract_clause:est:host:scc_2021"}
    assert made["words"][0].as_py() == "Agree on scc_2021 with the other party (host)"
