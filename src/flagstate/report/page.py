"""Put the pages together into one HTML file that asks nobody for anything."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from functools import lru_cache
from importlib import resources
from typing import Any

import pyarrow as pa
from jinja2 import BytecodeCache, Environment, PackageLoader, StrictUndefined
from jinja2.bccache import Bucket
from markupsafe import Markup

from flagstate.report import pages
from flagstate.report.grid import Grid
from flagstate.report.inert import plain
from flagstate.report.meta import Meta
from flagstate.report.view import View

SCRIPTS = ("d3-array.js", "d3-geo.js", "topojson-client.js", "report.js")
"""In the order in which they need each other."""

_UNSAFE = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}
_UNSAFE_CHARS = re.compile("[<>&\u2028\u2029]")


def render(tables: Mapping[str, pa.Table], *, meta: Meta) -> str:
    """Return the report as one HTML document.

    Args:
        tables: The tables of the case, by noun; a noun that is missing counts as empty.
        meta: What the report says of itself.

    The same tables and meta give the same bytes.
    """
    view = View(tables, meta)
    contexts = {page.NAME: page.build(view) for page in pages.ORDER}
    style = asset("report.css")
    script = "\n".join(asset(name) for name in SCRIPTS)
    environment = _environment(view)
    body = environment.get_template("report.html.j2").render(
        pages=pages.ORDER,
        contexts=contexts,
        style=Markup(style),  # noqa: S704 (our own file)
        script=Markup(script),  # noqa: S704 (our own file)
        policy=policy(script, style),
        data=Markup(embed(_data(view, contexts))),  # noqa: S704 (escaped by embed)
        world=_world(),
    )
    return body if body.endswith("\n") else f"{body}\n"


@lru_cache(maxsize=1)
def _world() -> Markup:
    return Markup(embed(json.loads(asset("world.json"))))  # noqa: S704 (escaped by embed)


def policy(script: str, style: str) -> str:
    """Return the content policy: nothing may be loaded, and only this script and this style count."""
    return (
        f"default-src 'none'; script-src '{_hash(script)}'; style-src '{_hash(style)}'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def embed(value: object) -> str:
    """Return the value as JSON that cannot end the script element it stands in."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return _UNSAFE_CHARS.sub(lambda found: _UNSAFE[found.group()], text)


def asset(name: str) -> str:
    """Return a file of the report's assets."""
    return resources.files("flagstate.report").joinpath("assets", name).read_text(encoding="utf-8")


class _Compiled(BytecodeCache):
    """Compiled templates, as long as the process lives: compiling takes longer than filling them in."""

    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Give what was compiled from the same source."""
        if code := self._kept.get(bucket.key):
            bucket.bytecode_from_string(code)

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep what was compiled."""
        self._kept[bucket.key] = bucket.bytecode_to_string()


@lru_cache
def _compiled(language: str) -> _Compiled:
    # Per language: a filter of a constant is worked out when a template is compiled.
    return _Compiled()


def _environment(view: View) -> Environment:
    """Return the templates: everything that is shown is made inert first and escaped after."""
    made = Environment(
        loader=PackageLoader("flagstate.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=_shown,
        bytecode_cache=_compiled(view.meta.language),
    )
    made.filters.update(view.filters)
    made.globals.update(view=view, meta=view.meta, t=view.t, code=view.code)
    return made


def _shown(value: object) -> object:
    """Make every text inert; what is already markup is ours."""
    if value is None:
        return ""
    return plain(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _data(view: View, contexts: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return what the script needs: the grids, the map, the names of the countries in them, and its few words."""
    grids = {g.name: g for context in contexts.values() for g in context.values() if isinstance(g, Grid)}
    drawn = contexts["flows"]["drawn"]
    codes = {row["country"] for row in drawn["countries"]}
    for made in grids.values():
        for at, field in enumerate(made.fields):
            if field.kind == "country":
                codes |= {row[at] for row in made.rows if row[at]}
    ids = ("rows_of", "more_rows", "no_match", "sent", "attempted", "unsized", "destinations", "conns")
    return {
        "lang": view.meta.language,
        "grids": {name: made.data() for name, made in grids.items()},
        "map": drawn,
        "countries": {code: view.country(code) for code in sorted(codes)},
        "words": {key: view.t(f"js.{key}") for key in ids},
    }
