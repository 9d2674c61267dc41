"""Control over a large register: 1 million entities, 3 million interests, with circles and diamonds, against peers.

Ours derives identity, contradictions, links of control, ultimate parents and `covered` for every list of the catalog.
The peers derive one thing only, the entities covered under one list at least, over the same arrays: DuckDB by a
recursive query, and networkx by walking the graph. All must name the same entities.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

ENTITIES = int(os.environ.get("FLAGSTATE_BENCH_ENTITIES", "1000000"))
INTERESTS = 3 * ENTITIES
SEED = 20261122
AS_OF = date(2026, 11, 22)
LIST = "us_28cfr202_countries_of_concern"
COUNTRIES = ("US", "CN", "DE", "GB", "HK", "SG", "KY", "VG", "FR", "RU", "NL", "IE", "JP", "IN", "AE", "CH", "IR", "BR")
WEIGHTS = (20, 14, 10, 10, 5, 4, 4, 4, 5, 3, 4, 3, 4, 4, 2, 2, 1, 1)


def generate(seed: int = SEED, entities: int = ENTITIES, interests: int = INTERESTS) -> dict[str, pa.Table]:
    """Return a register like real ones: hubs, several owners, diamonds, circles, bounds, holders that are not named.

    Args:
        seed: The same seed gives the same tables.
        entities: How many; a fifth of them persons, a few states.
        interests: How many.
    """
    from flagstate import model

    rng = np.random.default_rng(seed)
    number = np.arange(entities)
    kinds = np.array(["organisation", "person", "state"])[np.where(number < 40, 2, np.where(number % 5 == 0, 1, 0))]
    firms, persons = np.flatnonzero(kinds == "organisation"), np.flatnonzero(kinds != "organisation")
    # Most companies have one owner or two, a few have thousands; chains are rarely longer than ten.
    level = np.minimum(rng.geometric(0.5, entities), 10)
    firms = firms[np.argsort(level[firms], kind="stable")]
    below = np.searchsorted(level[firms], level)
    owners = np.minimum(rng.zipf(1.9, len(firms)), 5000).astype(np.float64)
    subject = rng.choice(firms, interests, p=owners / owners.sum())
    draw, popular = rng.random(interests), rng.power(0.3, interests)
    above = firms[(popular * np.maximum(1, below[subject])).astype(np.int64)]
    holder = np.where(
        draw < 0.5, rng.choice(persons, interests), np.where(draw < 0.99, above, rng.choice(firms, interests))
    )
    holder = np.where(holder == subject, persons[0], holder)
    # Of stakes that are stated twice, one in fifty stays.
    order = np.lexsort((holder, subject))
    again = (holder[order][1:] == holder[order][:-1]) & (subject[order][1:] == subject[order][:-1])
    again &= rng.random(interests - 1) > 0.02
    spread = order[1:][again]
    holder[spread] = rng.choice(persons, len(spread))
    weight = rng.exponential(1.0, interests) ** 2
    total = np.bincount(subject, weights=weight, minlength=entities)
    low = np.floor(1e4 * weight / total[subject]) / 100
    kind = rng.choice(np.array(["owns", "votes", "controls", "vetoes"]), interests, p=(0.86, 0.09, 0.04, 0.01))
    bounds = rng.random(interests) < 0.05
    high = np.where(bounds, np.minimum(100.0, low + 25.0), low)
    unnamed = rng.random(interests) < 0.01
    ids = np.char.add("lei:", np.char.zfill(np.arange(entities).astype(str), 9))
    country = rng.choice(np.array(COUNTRIES), entities, p=np.array(WEIGHTS) / sum(WEIGHTS))
    person = kinds == "person"
    since = pa.scalar(datetime(2020, 1, 1, tzinfo=UTC), pa.timestamp("us", "UTC"))
    entity = {
        "entity_id": pa.array(ids),
        "kind": pa.array(kinds),
        "name": pa.array(np.char.add("Name ", np.arange(entities).astype(str))),
        "organised_in": _choose(~person, country),
        "nationality": _choose(person, country),
        "status": pa.array(["sourced"] * entities),
        "source": pa.array(["register"] * entities),
        "fact_id": pa.array(np.char.add("e", np.arange(entities).astype(str))),
        "stance": pa.array(["recorded"] * entities),
    }
    interest = {
        "holder_id": pa.array(ids[holder], mask=unnamed),
        "subject_id": pa.array(ids[subject]),
        "kind": pa.array(kind),
        "share_lo_pct": pa.array(low, mask=np.isin(kind, ("controls", "vetoes"))),
        "share_hi_pct": pa.array(high, mask=np.isin(kind, ("controls", "vetoes"))),
        "interest_type": pa.array(["shareholding"] * interests),
        "contested": pa.array(rng.random(interests) < 0.002),
        "status": pa.array(["sourced"] * interests),
        "source": pa.array(["register"] * interests),
        "fact_id": pa.array(np.char.add("i", np.arange(interests).astype(str))),
        "stance": pa.array(["recorded"] * interests),
        "valid_from": pa.array([since] * 1).take(pa.array(np.zeros(interests, np.int32))),
        "valid_to": pa.array([datetime(2024, 1, 1, tzinfo=UTC)], pa.timestamp("us", "UTC")).take(
            pa.array(np.zeros(interests, np.int32), mask=rng.random(interests) > 0.02)
        ),
    }
    tables = {
        "legal_entity": model.conform(pa.table(entity), model.LEGAL_ENTITY),
        "interest": model.conform(pa.table(interest).take(pa.array(order)), model.INTEREST),
    }
    return tables


def _choose(kept: np.ndarray, texts: np.ndarray) -> pa.Array:
    """Return lists of one text where it is kept, empty ones elsewhere."""
    offsets = np.concatenate(([0], np.cumsum(kept))).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets), pa.array(texts[kept]))


def _read(folder: Path) -> dict[str, pa.Table]:
    return {noun: pq.read_table(folder / f"{noun}.parquet") for noun in ("legal_entity", "interest")}


def make(folder: Path) -> None:
    """Write the register."""
    for noun, table in generate().items():
        pq.write_table(table, folder / f"{noun}.parquet")
    _say(peak_gb=_peak())


def ours(folder: Path) -> None:
    """Derive everything, and leave the stakes and the base of one list for the peers."""
    from flagstate.catalog.lists import on_list
    from flagstate.enrich.control import control
    from flagstate.enrich.control_covered import base_of, holdings
    from flagstate.enrich.control_world import read_world
    from flagstate.enrich.identity import identify, unify

    tables = _read(folder)
    clock = _Clock()
    found = identify(tables)
    first = clock.lap()
    unified = unify(tables, found["identity"]) | {"contradiction": found["contradiction"]}
    derived = control(unified, AS_OF)
    second = clock.lap()
    peak = _peak()
    covered = derived["covered"]
    yes = pc.and_(pc.equal(covered["list"], LIST), pc.equal(covered["verdict"], "yes"))
    owned = covered.filter(pc.and_(yes, pc.equal(covered["basis"], "owned_50")))["entity_id"].to_pylist()
    few = sorted(owned)[:: max(1, len(owned) // 100)][:100]
    clock.lap()
    part = control(unified, AS_OF, of=few)
    third = clock.lap()
    counts = {noun: table.num_rows for noun, table in derived.items()}
    world = read_world(unified, AS_OF)
    held, members = holdings(world), on_list(LIST, AS_OF)
    holder = np.repeat(np.arange(world.size), np.diff(held.start))
    edges = {"holder": holder[held.direct], "subject": held.subject[held.direct], "low": held.low[held.direct]}
    pq.write_table(pa.table(edges), folder / "edges.parquet")
    pq.write_table(pa.table({"id": np.flatnonzero(base_of(world, members).least)}), folder / "base.parquet")
    numbers = pc.index_in(covered.filter(yes)["entity_id"], value_set=pa.array(world.ids))
    answer = {"yes": len(numbers), "sum": int(pc.sum(numbers).as_py())}
    _say(first=first, second=second, third=third, few=len(few), of=part["control_chain"].num_rows, **answer, **counts,
         contradiction=found["contradiction"].num_rows, peak_gb=peak)  # fmt: skip


def walk(folder: Path) -> None:
    """Derive the entities covered under one list, from the stakes as arrays."""
    from flagstate.enrich.control_covered import Holdings, spread

    edges, base = pq.read_table(folder / "edges.parquet"), pq.read_table(folder / "base.parquet")["id"].to_numpy()
    clock = _Clock()
    holder, subject, low = (edges[name].to_numpy() for name in ("holder", "subject", "low"))
    start = np.zeros(ENTITIES + 1, np.int64)
    np.cumsum(np.bincount(holder, minlength=ENTITIES), out=start[1:])
    order = np.argsort(holder, kind="stable")
    direct = np.ones(len(holder), np.bool_)
    held = Holdings(
        start, subject[order], low[order], low[order], direct, order,
        np.bincount(subject, weights=low, minlength=ENTITIES), np.zeros(ENTITIES),
    )  # fmt: skip
    inside = np.zeros(ENTITIES, np.bool_)
    inside[base] = True
    found = np.flatnonzero(spread(held, inside, 50.0, most=False, rest=np.zeros(ENTITIES)).inside)
    _say(took=clock.lap(), covered=len(found), sum=int(found.sum()), peak_gb=_peak())


def duckdb(folder: Path) -> None:
    """Derive the same by a recursive query with a key."""
    import duckdb as engine

    con = engine.connect(config={"threads": len(os.sched_getaffinity(0))})
    con.sql(f"CREATE TABLE edges AS FROM '{folder}/edges.parquet'")
    con.sql(f"CREATE TABLE base AS FROM '{folder}/base.parquet'")
    clock = _Clock()
    count, total = con.sql(
        """
        WITH RECURSIVE covered(id) USING KEY (id) AS (
            SELECT id FROM base
            UNION
            SELECT e.subject FROM edges e
            SEMI JOIN recurring.covered c ON e.holder = c.id
            ANTI JOIN recurring.covered d ON e.subject = d.id
            WHERE e.subject IN (SELECT f.subject FROM edges f JOIN covered n ON f.holder = n.id)
            GROUP BY e.subject HAVING sum(e.low) >= 50 - 1e-9
        ) SELECT count(*), sum(id) FROM covered
        """
    ).fetchall()[0]
    _say(took=clock.lap(), covered=int(count), sum=int(total), peak_gb=_peak())


def networkx(folder: Path) -> None:
    """Derive the same by walking a graph of networkx, once it is built."""
    import networkx as nx

    edges, base = pq.read_table(folder / "edges.parquet"), pq.read_table(folder / "base.parquet")["id"].to_pylist()
    clock = _Clock()
    graph = nx.DiGraph()
    graph.add_weighted_edges_from(zip(*(edges[name].to_pylist() for name in ("holder", "subject", "low")), strict=True))
    built = clock.lap()
    inside, queue, share = set(base), list(base), {}
    for one in queue:
        if one in graph:
            for subject, data in graph.adj[one].items():
                share[subject] = share.get(subject, 0.0) + data["weight"]
                if subject not in inside and share[subject] >= 50 - 1e-9:
                    inside.add(subject)
                    queue.append(subject)
    _say(took=clock.lap(), built=built, covered=len(inside), sum=sum(inside), peak_gb=_peak())


class _Clock:
    """Wall and processor time since the last lap."""

    def __init__(self) -> None:
        self.last = (time.perf_counter(), time.process_time())

    def lap(self) -> tuple[float, float]:
        """Return both, in seconds."""
        now = (time.perf_counter(), time.process_time())
        taken = (now[0] - self.last[0], now[1] - self.last[1])
        self.last = now
        return taken


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def _say(**told: object) -> None:
    print(json.dumps(told))


def peer() -> Path | None:
    """Return an interpreter with networkx in an environment of its own; null: it cannot be installed."""
    folder = Path(__file__).resolve().parent.parent / ".bench" / "peers-control"
    there = folder / "bin" / "python"
    if not (folder / ".ready").exists():
        venv.create(folder, with_pip=True)
        wanted = [there, "-m", "pip", "install", "-q", "--disable-pip-version-check", "networkx", "numpy", "pyarrow"]
        if subprocess.run(wanted, check=False, timeout=900).returncode:
            return None
        (folder / ".ready").touch()
    return there


def _run(who: str, folder: Path, python: Path | str = sys.executable) -> dict[str, Any]:
    done = subprocess.run([python, __file__, who, folder], stdout=subprocess.PIPE, text=True, check=True)
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def _rounds(folder: Path, there: Path | None) -> tuple[dict[str, list[float]], dict[str, dict[str, Any]]]:
    """Run ours and the peers in turn, three times; return what each took, and its last answer."""
    took: dict[str, list[float]] = {}
    last: dict[str, dict[str, Any]] = {}
    for _ in range(3):
        for who in ("walk", "duckdb", "networkx"):
            if who == "networkx" and there is None:
                continue
            last[who] = _run(who, folder, there if who == "networkx" and there else sys.executable)
            took.setdefault(who, []).append(last[who]["took"][0])
    return took, last


def main() -> int:
    """Generate, run each in a process of its own, and print the section."""
    if len(sys.argv) > 1:
        {"make": make, "ours": ours, "walk": walk, "duckdb": duckdb, "networkx": networkx}[sys.argv[1]](
            Path(sys.argv[2])
        )
        return 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        # In a process of its own: a child starts with the peak memory of who starts it.
        _run("make", folder)
        whole = _run("ours", folder)
        took, last = _rounds(folder, peer())
    answers = {(told["covered"], told["sum"]) for told in last.values()} | {(whole["yes"], whole["sum"])}
    if len(answers) != 1:
        print(f"the answers differ: {answers}", file=sys.stderr)
        return 1
    _print(whole, took, last)
    return 0


def _print(whole: dict[str, Any], took: dict[str, list[float]], last: dict[str, dict[str, Any]]) -> None:
    def seconds(pair: list[float]) -> str:
        return f"{pair[0]:.1f} s ({pair[1]:.1f} s of processor time)"

    print(f"## Control: {ENTITIES:,} entities, {INTERESTS:,} interests\n")
    print(
        "A generated register: chains of up to ten and more, hubs, several owners, diamonds, circles, bounds, holders "
        "that are not named, some stakes ended or contested.\n"
    )
    print("| step | took | rows |\n|---|---|---|")
    print(f"| identity and contradictions | {seconds(whole['first'])} | {whole['contradiction']:,} contradictions |")
    rows = f"{whole['control_chain']:,} links, {whole['ultimate_parent']:,} parents, {whole['covered']:,} covered"
    print(f"| links, ultimate parents, `covered` for every list | {seconds(whole['second'])} | {rows} |")
    rows = f"{whole['of']:,} chains"
    print(f"| whole chains, shares and proofs of {whole['few']} entities | {seconds(whole['third'])} | {rows} |")
    print(f"\nPeak memory of the first two: {whole['peak_gb']:.1f} GB.\n")
    print(
        f"One fixpoint alone (`{LIST}`, at least), over the same stakes, median of three interleaved rounds; all name "
        f"the same {last['walk']['covered']:,} entities:\n"
    )
    print("| | took | against ours | peak memory |\n|---|---|---|---|")
    base = statistics.median(took["walk"])
    titles = {
        "walk": "ours, numpy",
        "duckdb": "DuckDB, `WITH RECURSIVE … USING KEY`",
        "networkx": "networkx, walk over a built graph",
    }
    for who, times in took.items():
        middle = statistics.median(times)
        more = f", and {last[who]['built'][0]:.1f} s to build it" if "built" in last[who] else ""
        print(f"| {titles[who]} | {middle:.2f} s{more} | {middle / base:.1f} × | {last[who]['peak_gb']:.1f} GB |")


if __name__ == "__main__":
    sys.exit(main())
