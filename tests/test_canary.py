"""Promise 3: what was planted in the evidence is nowhere in what comes out, in no writing of it.

One run of everything: an audit as process and on a terminal, failing audits, every report, `who`, `init`, `verify`,
`judge`; then every byte that was printed or written is searched.
"""

from __future__ import annotations

import json
import os
import pty
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from canaries import Aviary, Canary, below, search
from canary_evidence import bad_estates, plant
from conftest import Run, once
from flagstate.catalog.mask import mask
from flagstate.engine import connect
from flagstate.errors import DeclarationError
from flagstate.pipeline.again import load
from flagstate.pipeline.explain import explain, lines
from flagstate.read import estate
from flagstate.read.part import Context, Head, Kind, Opened
from flagstate.report.filings import KINDS

Blobs = list[tuple[str, bytes]]


def _commands() -> list[tuple[object, ...]]:
    """Return the commands beside the audit; the last ones fail."""
    return [
        ("report", "--format", "html", "--lang", "fr"),
        ("report", "--format", "markdown", "--out", "-"),
        ("report", "--format", "json", "--out", "report.copy.json"),
        ("report", "--format", "csv", "--out", "sheets"),
        ("report", "--format", "ocsf", "--out", "-"),
        ("report", "--format", "sarif", "--out", "copy.sarif"),
        ("watch", "evidence", "--once", "--alert", "file:alerts.jsonl", "--json"),
        ("judgements", "--json"),
        ("init", "--out", "proposal.yaml"),
        ("verify", "--json"),
        ("who", "198.51.100.1", "--json"),
        ("plan", "--json"),
        ("whatif", "--cut", "CN", "--cut", "DE"),
        ("diff", "flagstate-case", "flagstate-case", "--json"),
        *(("file", kind, "--format", "csv", "--out", f"filed/{kind}") for kind in KINDS),
        ("file", "due-diligence", "--format", "html", "--out", "filed/page.html"),
        ("judge", "none", "comment", "--reason", "none", "--author", "tests"),
    ]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, flagstate: Run) -> tuple[Aviary, Blobs, Path]:
    """Run everything over planted evidence, and return what was planted and all that came out."""

    def make(folder: Path) -> tuple[Aviary, Blobs, Path]:
        aviary = plant(folder / "evidence")
        out: Blobs = []

        def note(label: str, done: subprocess.CompletedProcess[bytes]) -> None:
            out.append((f"stdout of {label}", done.stdout))
            out.append((f"stderr of {label}", done.stderr))

        out.append(("the terminal of audit", _on_terminal(folder)))
        first = flagstate("audit", "evidence", "--json", cwd=folder)
        assert first.returncode >= 10 or first.returncode == 3, first.stderr.decode()
        note("audit --json", first)
        for told in _commands():
            note(" ".join(map(str, told[:2])), flagstate(*told, cwd=folder))
        tables, _ = load(folder / "flagstate-case")
        for finding in tables["finding"]["finding_id"].to_pylist():
            told = explain(tables, finding)
            said = "\n".join([*lines(told), json.dumps(told.as_dict(), default=str)])
            out.append(("an explanation", said.encode()))
        ran: list[str] = []
        for label, text in bad_estates(aviary).items():
            path = folder / "estate.yaml"
            path.write_text(text)
            if len(ran) < 2:
                done = flagstate("audit", "estate.yaml", "--case", "bad-case", cwd=folder)
                assert done.returncode == 2, f"{label}: {done.stderr.decode()}"
                note(f"audit with {label}", done)
                ran.append(label)
            out.append((f"the error of {label}", _refusal(path)))
        path.unlink()
        assert len(list((folder / "filed").iterdir())) == len(KINDS) + 1
        for made in ("flagstate-case", "bad-case", "sheets", "filed"):
            out.extend(below(folder / made, made))
        for single in ("proposal.yaml", "report.copy.json"):
            out.append((single, (folder / single).read_bytes()))
        return aviary, out, folder

    return once(tmp_path_factory, "canary", make)[1]


def _refusal(path: Path) -> bytes:
    """Return what the reader of declarations says of a file that is not valid."""
    data = path.read_bytes()
    opened = Opened(str(path), Head(data, len(data), ".yaml"), "estate.yaml", "")
    with connect(files=[str(path)]) as con, pytest.raises(DeclarationError) as caught:
        list(estate.read(opened, Kind("estate"), Context(con, mask)))
    return str(caught.value).encode()


def _on_terminal(folder: Path) -> bytes:
    """Audit on a pseudo-terminal, slowly enough that progress is shown, and return all that it showed."""
    master, slave = pty.openpty()
    command = [sys.executable, "-P", "-m", "flagstate", "audit", "evidence", "--threads", "1"]
    done = subprocess.Popen(command, cwd=folder, stdin=slave, stdout=slave, stderr=slave, close_fds=True)
    os.close(slave)
    shown = b""
    until = time.monotonic() + 120
    while time.monotonic() < until:
        ready, _, _ = select.select([master], [], [], 0.2)
        if ready:
            try:
                block = os.read(master, 1 << 16)
            except OSError:
                break
            if not block:
                break
            shown += block
        elif done.poll() is not None:
            break
    done.wait(10)
    os.close(master)
    return shown


def test_nothing_planted_comes_out(world: tuple[Aviary, Blobs, Path]) -> None:
    aviary, out, _ = world
    leaks = search(aviary.canaries, out)
    assert not leaks, f"{len(leaks)} leaks:\n" + "\n".join(dict.fromkeys(leaks))


def test_progress_was_shown(world: tuple[Aviary, Blobs, Path]) -> None:
    """The terminal that was searched had names of files on it."""
    shown = dict(world[1])["the terminal of audit"]
    assert b"Reading" in shown
    assert "‹".encode() in shown


def test_the_search_finds_what_was_planted(world: tuple[Aviary, Blobs, Path]) -> None:
    """The evidence itself shows the canaries: a search that found nothing there would prove nothing."""
    aviary, _, folder = world
    planted = [c for c in aviary.canaries if not c.place.startswith(("estate with", "estate that", "xlsx sheet"))]
    found = "\n".join(search(planted, below(folder / "evidence", "evidence")))
    missed = [f"{c.place}: {kind}" for c in planted for kind in c.secrets if f"{c.place}: {kind}," not in found]
    allowed = {"archive comment", "archive member", "json key", "parquet cell", "estate destination"}
    assert [m for m in missed if m.split(":")[0] not in allowed] == []


@pytest.mark.parametrize(
    "form", ["x{}x", "{}", "/path/{}/y", "k={}&v=1"], ids=["inside", "alone", "in a path", "in a query"]
)
def test_every_writing_is_found(form: str) -> None:
    """Each writing that is promised is found in a text that holds it."""
    import base64
    import urllib.parse

    one = Aviary().plant("here")
    for secret in one.secrets.values():
        text = form.format(secret)
        for written in (
            text.upper().encode(),
            urllib.parse.quote(text, safe="").encode(),
            *(base64.b64encode(b"." * n + text.encode() + b"....") for n in range(3)),
            text.encode().hex().upper().encode(),
        ):
            assert search([one], [("somewhere", b"before " + written + b" after")]), written


def test_names_are_kept_in_their_masked_form(world: tuple[Aviary, Blobs, Path]) -> None:
    """The masked names are there: the silence above is not that of an audit that read nothing."""
    _, _, folder = world
    said = {noun: pq.read_table(folder / f"flagstate-case/tables/{noun}.parquet").to_pylist() for noun in _WHERE}
    for noun, (column, tokens) in _WHERE.items():
        text = " ".join(str(row[column]) for row in said[noun])
        for token in tokens:
            assert f"‹{token}›" in text, f"{noun}.{column} has no ‹{token}›"
    states = {row["state"] for row in said["evidence"]}
    assert {"read", "partly_read", "not_recognised", "refused"} <= states


_WHERE: dict[str, tuple[str, tuple[str, ...]]] = {
    "evidence": ("artefact", ("email", "card", "name", "parcel")),
    "flow": ("server_name", ("name", "card", "parcel")),
    "asset": ("name", ("name", "card", "email")),
    "holding": ("container", ("name", "email", "card", "parcel")),
    "tls_client": ("next_protocol", ("card", "parcel")),
    "behaviour": ("far", ("name",)),
}


def test_every_stream_was_read(world: tuple[Aviary, Blobs, Path]) -> None:
    _, _, folder = world
    rows = pq.read_table(folder / "flagstate-case/tables/evidence.parquet").to_pylist()
    kinds = {str(row["kind"]).split()[0] for row in rows if row["state"] in ("read", "partly_read")}
    wanted = {"zeek.conn", "zeek.dns", "zeek.ssl", "zeek.http", "har", "terraform", "cyclonedx", "estate"}
    wanted |= {"pcap", "pcapng", "eve", "vpc_flow", "azure_flow", "gcp_flow", "nfdump", "argus"}
    wanted |= {"cloudtrail", "actiontrail", "postgresql"}
    assert wanted <= kinds, wanted - kinds
    behaviours = pq.read_table(folder / "flagstate-case/tables/behaviour.parquet")["kind"].to_pylist()
    assert {"beacon", "dns_tunnel", "clear_text", "tunnel_exit", "carrier"} <= set(behaviours), set(behaviours)


def test_private_to_the_owner(world: tuple[Aviary, Blobs, Path]) -> None:
    """Files of the case are for their owner alone."""
    _, _, folder = world
    paths: Iterator[Path] = (p for p in (folder / "flagstate-case").rglob("*") if not p.is_symlink())
    open_ = [str(p) for p in paths if p.stat().st_mode & 0o077]
    assert open_ == []


def test_canaries_differ() -> None:
    """Two places never share a secret, so that a leak names its place."""
    aviary = Aviary()
    made: list[Canary] = [aviary.plant(str(n)) for n in range(100)]
    secrets = [secret for one in made for secret in one.secrets.values()]
    assert len(set(secrets)) == len(secrets)
