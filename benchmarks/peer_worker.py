"""Run one peer over tables, in an environment of its own: how many values of each column it gives which entity.

Reads lines of JSON (headers, locale and up to 25 filled values of each column), writes lines of JSON. Nothing of the
product is imported: the environment has the peer alone.
"""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

Table = dict[str, Any]
Ask = Callable[[Table], list[Counter[str]]]
"""Table → for each column how many of its values were given which entity."""


def by_value(look: Callable[[str, str], str | None]) -> Ask:
    """Return a peer that looks at one value at a time."""

    def ask(table: Table) -> list[Counter[str]]:
        said = [[look(value, table["locale"]) for value in values] for values in table["columns"]]
        return [Counter(name for name in column if name) for column in said]

    return ask


def presidio() -> Ask:
    """Return Presidio's pattern recognisers of all languages and its telephone one; no named-entity model is run."""
    import tldextract
    from presidio_analyzer import PatternRecognizer
    from presidio_analyzer import predefined_recognizers as all_of_them

    tldextract.extract = tldextract.TLDExtract(suffix_list_urls=())  # its own list, not a download
    kinds = [getattr(all_of_them, name) for name in dir(all_of_them)]
    chosen = [k() for k in kinds if isinstance(k, type) and issubclass(k, PatternRecognizer)]
    chosen.append(all_of_them.PhoneRecognizer())

    def look(text: str, _locale: str) -> str | None:
        found = [one for kind in chosen for one in kind.analyze(text, kind.supported_entities, None)]
        best = max(found, key=lambda one: (one.score, one.end - one.start), default=None)
        return best.entity_type if best and best.score >= 0.3 else None

    return by_value(look)


def datafog_core() -> Ask:
    """Return datafog-core, with UUIDs, its German entities for German tables, and persons by names of fields."""
    import datafog_core as core

    def look(text: str, locale: str) -> str | None:
        config: dict[str, Any] = {"detect_uuid": True}
        if locale == "de-DE":
            config["locale"] = "de"
        found = core.scan(text, config)
        return max(found, key=lambda f: f.byte_range.end - f.byte_range.start).entity_type if found else None

    def ask(table: Table) -> list[Counter[str]]:
        said = by_value(look)(table)
        for place, (header, values) in enumerate(zip(table["headers"], table["columns"], strict=True)):
            if header and core.scan_structured({header: "".join(values[:1])}).mappings:
                said[place] = Counter({"PERSON": len(values)})
        return said

    return ask


def datafog() -> Ask:
    """Return datafog's regular expressions."""
    import datafog as fog

    def look(text: str, locale: str) -> str | None:
        found = fog.scan(text, engine="regex", locales=["de"] if locale == "de-DE" else None).entities
        return max(found, key=lambda f: f.end - f.start).type if found else None

    return by_value(look)


def dataprofiler() -> Ask:
    """Return DataProfiler's own model of structured data (TensorFlow)."""
    import dataprofiler as dp
    import pandas as pd

    labeler = dp.DataLabeler(labeler_type="structured")

    def ask(table: Table) -> list[Counter[str]]:
        values = [value for column in table["columns"] for value in column]
        labels = iter(map(str, labeler.predict(pd.Series(values))["pred"]))
        return [Counter(next(labels) for _ in column) for column in table["columns"]]

    return ask


PEERS = {"presidio": presidio, "datafog-core": datafog_core, "datafog": datafog, "dataprofiler": dataprofiler}


def main(peer: str, asked: Path, told: Path) -> None:
    """Answer every table."""
    ask = PEERS[peer]()
    began = time.process_time()
    with asked.open() as lines, told.open("w") as out:
        for line in lines:
            table = json.loads(line)
            counts = ask(table)
            answers = [
                {"values": len(values), "entities": dict(found)}
                for values, found in zip(table["columns"], counts, strict=True)
            ]
            out.write(json.dumps(answers) + "\n")
        out.write(json.dumps({"seconds": time.process_time() - began}) + "\n")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
