"""Names that evidence might choose to act on whoever shows them, and tables that are full of them."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa

from flagstate import model
from flagstate.model.noun import Noun
from report_claims_case import claimed

NAMES = (
    "</script><script>document.title='pwned'</script>",
    "<img src=x onerror=\"document.title='pwned'\">",
    "\"><svg onload=document.title='pwned'>",
    "' onmouseover='document.title=1' x='",
    "{{ 7*7 }} {% raw %} ${7*7}",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "javascript:document.title='pwned'",
    "\x1b[31mred\x1b[0m\x1b]0;title\x07\x9b2J",
    "\x1b]8;;http://evil.example\x1b\\click\x1b]8;;\x1b\\",
    "[red]markup[/red] [link=http://evil.example]x[/link] [/] :skull:",
    "user\u202egnp.exe\u202c \u2066iso\u2069 \u200b\u200f\ufeff",
    "tag\U000e0041\U000e0042 sep\u2028line\u2029para nul\x00end\x08\x7f",
    "=cmd|'/C calc'!A0",
    "+1+1",
    "-2+3+cmd|' /C calc'!A0",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    '  =HYPERLINK("http://evil.example","x")',
    "＝1+1",
    '",=1+1,"',
    "# heading\n\n- item\n\n```\ncode",
    "[text](http://evil.example) ![i](http://evil.example/p.png) <http://evil.example>",
    "a|b|c\n|---|---|---|",
    "*bold* _it_ ~~s~~ `code` <b>x</b> \\",
    "x" * 5000,
    "\ud800 lone surrogate".encode("utf-8", "replace").decode(),
)

CODES: dict[str, tuple[str | None, ...]] = {
    "question": ("holdings", "reach", "flows", "cutoff", "rules", "claims"),
    "verdict": ("yes", "no", "unknown"),
    "level": ("info", "low", "medium", "high", "critical"),
    "stance": ("observed",),
    "special": (None,),
    "state": ("read", "partly_read", "refused"),
    "result": ("undeclared", "covered"),
    "claim_verdict": ("contradicted", "supported", "not_observed", "questionable", "not_testable"),
}
"""Columns that only our own code fills; everything else may come from evidence."""


def _rows(noun: Noun) -> pa.Table:
    """Return a row per hostile name, with the name in every text of the noun."""
    records = []
    for at, name in enumerate(NAMES):
        record: dict[str, object] = {}
        for column in noun.columns:
            if column.name in CODES and not (column.name == "state" and noun.name == "holding"):
                record[column.name] = CODES[column.name][at % len(CODES[column.name])]
            elif column.type == pa.string():
                record[column.name] = name
            elif column.type == pa.list_(pa.string()):
                record[column.name] = [name, name]
            elif column.type in (pa.int64(), pa.int32()):
                record[column.name] = at
        records.append(record)
    return model.rows(noun, records)


def hostile() -> Mapping[str, pa.Table]:
    """Return tables in which every text is hostile; addresses of flows too."""
    return {name: _rows(model.NOUNS[name]) for name in claimed()}
