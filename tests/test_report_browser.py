"""The report in a real browser: it draws, complains of nothing and asks nobody."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from flagstate import model
from flagstate.report import figures, render
from flagstate.report.page import policy
from report_case import META, case
from report_claims_case import claimed
from report_hostile import hostile
from report_rules_case import finding, meta, ruled

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)

pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="no Chromium on this machine: `apt-get install chromium` gets it (Debian, Ubuntu)"
)

FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-extensions", "--virtual-time-budget=4000",
    "--enable-logging=stderr", "--v=0",
)  # fmt: skip


@dataclass(frozen=True)
class Visit:
    """What a browser made of a page."""

    dom: str
    console: list[str]
    asked: set[str]


Browse = Callable[..., Visit]


@pytest.fixture
def browse(tmp_path: Path) -> Browse:
    """Return a function that opens HTML from a file in a fresh browser."""

    def visit(html: str, fragment: str = "", width: int = 1400) -> Visit:
        path, log = tmp_path / "report.html", tmp_path / "net.json"
        path.write_text(html, encoding="utf-8")
        address = f"file://{path}{fragment}"
        size = f"--window-size={width},1000"
        options = (*FLAGS, size, f"--user-data-dir={tmp_path / 'profile'}", f"--log-net-log={log}", "--dump-dom")
        done = subprocess.run([str(CHROMIUM), *options, address], capture_output=True, timeout=90, check=True)
        console = [line for line in done.stderr.decode(errors="replace").splitlines() if ":CONSOLE" in line]
        return Visit(done.stdout.decode(), console, _asked(log))

    return visit


def _asked(log: Path) -> set[str]:
    """Return the addresses that the page itself asked for; the browser's own business is left out."""
    text = log.read_text(encoding="utf-8", errors="replace")
    found = set(re.findall(r'"url":"((?:https?|wss?|ftp)://[^"]*)"', text))
    return {url for url in found if "google" not in url and "gvt1" not in url}


def test_it_draws_every_page_without_a_complaint_or_a_request(browse: Browse) -> None:
    seen = browse(render(case(), meta=META), "#flows")
    assert seen.console == []
    assert seen.asked == set()
    assert seen.dom.count('class="land') > 200
    assert re.search(r'<section class="page on"[^>]*data-page="flows"', seen.dom)
    assert len(re.findall(r'class="spot"', seen.dom)) == 7
    assert 'class="dot d-attempted"' in seen.dom
    assert seen.dom.count('class="arc a-') == 7
    # The script writes figures as the server side does.
    for size in (2_360_118_442, 48_201_337, 402_118):
        assert f'<td class="num">{figures.size(size)}</td>' in seen.dom
    assert f'<td class="num">{figures.count(90210)}</td>' in seen.dom


def test_french_figures_agree_on_both_sides(browse: Browse) -> None:
    seen = browse(render(case(), meta=replace(META, language="fr")), "#flows")
    assert seen.console == []
    assert f'<td class="num">{figures.size(2_360_118_442, "fr")}</td>' in seen.dom
    assert f'<td class="num">{figures.count(90210, "fr")}</td>' in seen.dom


def test_hostile_names_run_nothing(browse: Browse) -> None:
    seen = browse(render(hostile(), meta=META), "#flows")
    assert seen.console == []
    assert seen.asked == set()
    title = re.search(r"<title>(.*?)</title>", seen.dom)
    assert title is not None
    assert title.group(1) == f"Data-sovereignty audit: {META.case_id}"
    assert "&lt;img src=x onerror=" in seen.dom


def test_the_policy_stops_what_it_should(browse: Browse) -> None:
    """Show that the checks above can fail: an intruder is refused, and seen in the console."""
    html = render(case(), meta=META)
    intruder = '<script>document.title="pwned"</script><img src="http://127.0.0.1:9/x.png" onerror="1"></main>'
    seen = browse(html.replace("</main>", intruder))
    assert "<title>pwned" not in seen.dom
    assert any("Content Security Policy" in line for line in seen.console)
    assert seen.asked == set()


def test_a_request_would_be_seen(browse: Browse) -> None:
    """Show that the log of requests can fail: without a policy the same picture is asked for."""
    seen = browse('<!doctype html><img src="http://127.0.0.1:9/x.png">')
    assert seen.asked == {"http://127.0.0.1:9/x.png"}


def _probed(html: str, probe: str) -> str:
    """Return the page with the probe as part of the script that its policy admits."""
    script = re.search(r"<script>(.*?)</script>", html, re.DOTALL)
    style = re.search(r"<style>(.*?)</style>", html, re.DOTALL)
    assert script is not None
    assert style is not None
    longer = script.group(1) + probe
    admitted = policy(script.group(1), style.group(1)).replace("'", "&#39;")
    assert admitted in html
    return html.replace(script.group(1), longer).replace(admitted, policy(longer, style.group(1)))


def _title(seen: Visit) -> str:
    found = re.search(r"<title>(.*?)</title>", seen.dom)
    assert found is not None
    return found.group(1)


def test_a_long_table_does_not_freeze_the_page(browse: Browse) -> None:
    rows = [
        {"subject": f"host{n}.example", "result": "undeclared", "orig_bytes": n, "conns": 1, "remark": "not declared"}
        for n in range(20_000)
    ]
    html = render(case() | {"reconciliation": model.rows(model.RECONCILIATION, rows)}, meta=META)
    probe = (
        "var t0=performance.now();document.querySelectorAll('[data-grid=reconciliation] th button')[8].click();"
        "document.title=String(Math.round(performance.now()-t0));"
    )
    seen = browse(_probed(html, probe), "#ledger")
    assert seen.console == []
    assert int(_title(seen)) < 1500


def test_a_dot_filters_the_table_to_its_country(browse: Browse) -> None:
    probe = (
        "document.querySelector('.spot[aria-label^=Germany]').dispatchEvent(new Event('click'));"
        "document.title=[].map.call(document.querySelectorAll('[data-grid=flow] tbody tr'),"
        "function(r){return r.cells[0].firstChild.textContent}).join(' ');"
    )
    seen = browse(_probed(render(case(), meta=META), probe), "#flows")
    assert seen.console == []
    assert _title(seen).split() == ["8.209.64.10", "47.91.64.7", "3.120.4.9"]


def test_columns_sort_by_figure_and_not_by_text(browse: Browse) -> None:
    probe = (
        "document.querySelectorAll('[data-grid=flow] thead tr:last-child th button')[12].click();"
        "document.title=[].map.call(document.querySelectorAll('[data-grid=flow] tbody tr'),"
        "function(r){return r.cells[12].textContent.replace(/,/g,'')}).join(' ');"
    )
    seen = browse(_probed(render(case(), meta=META), probe), "#flows")
    shown = [int(text) for text in _title(seen).split()]
    assert shown == sorted(shown, reverse=True)
    assert shown[0] == 90210


def test_a_link_into_a_page_shows_that_page(browse: Browse) -> None:
    seen = browse(render(case(), meta=META), "#gov-FR")
    assert seen.console == []
    assert re.search(r'<section class="page on"[^>]*data-page="reach"', seen.dom)


@pytest.mark.parametrize(("width", "language"), [(1400, "en"), (700, "fr")])
def test_the_page_of_rules_fits_its_window(browse: Browse, width: int, language: str) -> None:
    long = "W" * 300
    rows = [
        finding(
            "long",
            "US-DAT-01",
            "yes",
            "restricted",
            long,
            subject=long,
            exemption=f"refused: {long}",
            values={long: long},
        )
    ]
    rows[0]["values"] = rows[0]["values"].replace(
        "{", '{"count_lo": 1, "count_hi": 9, "threshold": 5, "category": "' + long + '", '
    )
    for listed in (None, rows):
        probe = (
            "var d=document.documentElement;"
            "document.querySelectorAll('details').forEach(function(x){x.open=true});"
            "document.title=[d.scrollWidth-d.clientWidth,d.clientWidth].join(' ');"
        )
        seen = browse(_probed(render(ruled(listed), meta=meta(language=language)), probe), "#rules", width)
        assert seen.console == []
        assert seen.asked == set()
        assert re.search(r'<section class="page on"[^>]*data-page="rules"', seen.dom)
        over, wide = map(int, _title(seen).split())
        assert over <= 0
        assert width - 40 < wide <= width


def test_a_link_to_a_law_unfolds_it(browse: Browse) -> None:
    seen = browse(render(ruled(), meta=meta()), "#law-eu_rule")
    assert seen.console == []
    assert re.search(r'<details class="government law" id="law-eu_rule" open', seen.dom)


@pytest.mark.parametrize(("width", "language"), [(1400, "en"), (700, "fr")])
def test_the_page_of_claims_fits_its_window(browse: Browse, width: int, language: str) -> None:
    long = "W" * 300
    tables = claimed()
    endless = {
        name: model.rows(model.NOUNS[name], [row | _texts(row, long) for row in tables[name].to_pylist()])
        for name in ("claim", "source", "claim_verdict", "mutation")
    }
    probe = (
        "var d=document.documentElement;"
        "document.querySelectorAll('details').forEach(function(x){x.open=true});"
        "document.title=[d.scrollWidth-d.clientWidth,d.clientWidth].join(' ');"
    )
    for more in ({}, endless):
        for page in ("claims", "overview"):
            seen = browse(_probed(render(tables | more, meta=meta(language=language)), probe), f"#{page}", width)
            assert seen.console == []
            assert seen.asked == set()
            assert re.search(rf'<section class="page on"[^>]*data-page="{page}"', seen.dom)
            over, wide = map(int, _title(seen).split())
            assert over <= 0
            assert width - 40 < wide <= width


def _texts(row: dict[str, object], long: str) -> dict[str, object]:
    """Return texts of a row made long, ids and codes left as they are."""
    shown = ("sentence", "speaker", "outlet", "hedging", "remark", "message", "before", "after", "query", "claim_scope")
    listed = ("remainder", "missing", "does_not_say", "facts")
    return {name: long for name in shown if row.get(name)} | {name: [long] * 3 for name in listed if row.get(name)}


def test_claims_are_filtered_by_verdict_without_script(browse: Browse) -> None:
    probe = (
        "document.getElementById('claims-only-supported').checked=true;"
        "document.title=[].filter.call(document.querySelectorAll('.claimed'),"
        "function(x){return x.getClientRects().length}).map(function(x){return x.id}).join(' ');"
    )
    seen = browse(_probed(render(claimed(), meta=META), probe), "#claims")
    assert seen.console == []
    assert _title(seen) == "claim-c-stored"


def test_a_link_to_a_finding_of_a_claim_brings_it_back_and_unfolds_it(browse: Browse) -> None:
    probe = (
        "document.getElementById('claims-only-contradicted').checked=true;"
        "location.hash='#finding-claim2';setTimeout(function(){document.title="
        "[document.getElementById('claim-c-stored').open,"
        "document.getElementById('finding-claim2').getClientRects().length].join(' ')},200);"
    )
    seen = browse(_probed(render(claimed(), meta=META), probe), "#overview")
    assert seen.console == []
    assert _title(seen) == "true 1"
    assert re.search(r'<section class="page on"[^>]*data-page="claims"', seen.dom)
