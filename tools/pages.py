"""Pages of the documentation that are made from the code; `cog` writes them, `cog --check` fails when they lie."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def tables() -> str:
    """Return every noun with its columns."""
    from flagstate import model
    from flagstate.model import codes

    out = []
    for group, title in (
        ("stream", "Streams: they pass from reading to enriching and are never stored"),
        ("ledger", "Ledger"),
        ("fact", "Facts"),
        ("derived", "Derived"),
        ("conclusion", "Conclusions"),
    ):
        out.append(f"## {title}\n")
        for noun in model.ALL:
            if noun.group != group:
                continue
            out.append(f"### {noun.name}\n\n{noun.doc}\n")
            out.append("| column | type | what it holds | how it can be wrong |\n|---|---|---|---|")
            for column in noun.columns:
                doc, wrong = (text.replace("|", "\\|") for text in (column.doc, column.wrong))
                out.append(f"| `{column.name}` | {column.type} | {doc} | {wrong} |")
            out.append("")
    out.append("## Words\n")
    for name in ("STANCES", "VERDICTS", "READ_STATES", "SOURCE_KINDS", "CONFIDENCE_OF_PLACE", "RECONCILED", "OWN_ENDS"):
        out.append(f"**{name}**\n")
        out += [f"- `{code}`: {text}" for code, text in getattr(codes, name).items()]
        out.append("")
    return "\n".join(out)


def help_of(*words: str) -> str:
    """Return the help of a command, as a code block."""
    env = os.environ | {"COLUMNS": "100", "TERM": "dumb", "NO_COLOR": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "flagstate.cli", *words, "--help"], capture_output=True, text=True, env=env, check=True
    )
    return "```\n" + "\n".join(line.rstrip() for line in done.stdout.strip().splitlines()) + "\n```\n"


def commands() -> str:
    """Return the help of every command."""
    from flagstate.cli.app import app

    names = [[c.name or c.callback.__name__] for c in app.registered_commands if c.callback]
    for group in app.registered_groups:
        listed = group.typer_instance.registered_commands if group.typer_instance else []
        names += [[str(group.name), str(c.name)] for c in listed]
    return "\n".join(f"## flagstate {' '.join(words)}\n\n{help_of(*words)}" for words in names)


def points() -> str:
    """Return the kinds of points that services lean on, and the points themselves."""
    from flagstate.catalog.points import points as listed
    from flagstate.catalog.providers import entity

    book = listed()
    out = ["| kind | what it is | taken as needed | hours without it, assumed |", "|---|---|---|---|"]
    for name, kind in book.kinds.items():
        buffer = "not known" if kind.buffer_h is None else f"{kind.buffer_h:g}"
        out.append(f"| `{name}` | {kind.doc} | {'yes' if kind.needed else 'no'} | {buffer} |")
    out += ["", "| point | kind | told by | operator | status |", "|---|---|---|---|---|"]
    for point in book.points:
        ports = [f"{point.proto}/{port}" for port in point.ports]
        told = ", ".join((*point.domains, *point.issuers, *(f"pkg:{kind}" for kind in point.purl), *ports))
        known = entity(point.operator) if point.operator else None
        out.append(f"| {point.name} | {point.kind} | {told} | {known.name if known else '–'} | {point.status} |")
    return "\n".join(out) + "\n"


def formats() -> str:
    """Return what is read, in the order in which formats are asked."""
    from flagstate.read.registry import readers

    return "\n".join(f"- **{reader.name}**: {reader.doc}" for reader in readers().values()) + "\n"


def steps() -> str:
    """Return the order of an audit."""
    from flagstate.pipeline.order import CONCLUSIONS, STEPS

    return " → ".join(["read", *(name for name, _ in (*STEPS, *CONCLUSIONS)), "report"]) + "\n"


def networks() -> str:
    """Return the embedded network tables."""
    from flagstate.catalog.networks import tables as listed

    out = ["| table | source | version | date | licence | rows |", "|---|---|---|---|---|---|"]
    for t in listed():
        shown = [str(t[c]) for c in ("table", "source", "version", "date", "licence")]
        out.append(f"| {' | '.join(shown)} | {t['rows']:,} |")
    return "\n".join(out) + "\n"


def classes() -> str:
    """Return every data class: sentence, law, what decides it, and how many words of column names speak for it."""
    from flagstate.catalog.data_class import GROUPS, load

    listed = load()
    out = []
    for group in GROUPS:
        chosen = [made for made in listed if made.group == group]
        out.append(f"## {group.capitalize()} ({len(chosen)})\n")
        out.append("| id | what it is | law | decided by | words of column names |\n|---|---|---|---|---|")
        for made in chosen:
            law = ", ".join(f"`{name}`" for name in made.law) or "–"
            says = f"{made.says[:-1]}, reported as `{made.reported_as}`." if made.reported_as else made.says
            out.append(f"| `{made.id}` | {says} | {law} | {made.decide} | {len(made.headers) or '–'} |")
        out.append("")
    return "\n".join(out)


def deciding() -> str:
    """Return the ways in which a class is decided."""
    from flagstate.catalog.data_class import DECIDES

    return "\n".join(f"- **{name}**: {text}" for name, text in DECIDES.items()) + "\n"


def bars() -> str:
    """Return the categories of law, their citation, and the bar of those that have one."""
    from flagstate.catalog import bulk
    from flagstate.catalog.data_class import LAWS

    known = {bar.category: bar for bar in bulk.in_force()}
    out = ["| category | what it is | bulk when more than | since | status |\n|---|---|---|---|---|"]
    for name, text in LAWS.items():
        bar = known.get(name)
        shown = f"{bar.more_than:,} {bar.unit} in {bar.months} months, {bar.citation}" if bar else "–"
        out.append(f"| `{name}` | {text} | {shown} | {bar.since if bar else '–'} | {bar.status if bar else '–'} |")
    out += [f"\n{rule.says} ({rule.citation}, {rule.status})" for rule in bulk.together()]
    return "\n".join(out) + "\n"


def lists() -> str:
    """Return the word lists that classes name."""
    from flagstate.catalog import dictionaries
    from flagstate.catalog.data_class import load

    out = ["| list | entries | used by |\n|---|---|---|"]
    for name in dictionaries.names():
        users = ", ".join(f"`{made.id}`" for made in load() if made.dictionary == name)
        out.append(f"| `{name}` | {len(dictionaries.load(name)):,} | {users} |")
    return "\n".join(out) + "\n"


def cases() -> str:
    """Return every worked case: what its world is, and why its answer is as it is."""
    from flagstate.pipeline.cases import load

    out: list[str] = []
    theme = ""
    for case in load():
        if case.theme != theme:
            theme = case.theme
            number = sum(one.theme == theme for one in load())
            out.append(f"\n## {theme.capitalize()} ({number})\n\n| case | what it is | why |\n|---|---|---|")
        shown = (text.replace("|", "\\|") for text in (case.title, case.why))
        out.append(f"| `{case.id}` | {' | '.join(shown)} |")
    return "\n".join(out) + "\n"


def measures() -> str:
    """Return the catalogue of measures, what each can be bound to, and what it opens."""
    from flagstate.catalog.measures import PER, listed
    from flagstate.catalog.measures import measures as catalogue

    out = ["| measure | what to do | answers | cost | days | opens | keeps |\n|---|---|---|---|---|---|---|"]
    for one in listed():
        known = catalogue()[str(one["id"])]
        ties = [f"not with {', '.join(known.excludes)}"] if known.excludes else []
        ties += [f"needs {', '.join(known.requires)}"] if known.requires else []
        tied = f" ({'; '.join(ties)})" if ties else ""
        cells = [one["does"], f"{one['answers']}{tied}", one["cost"], one["lead_days"], one["opens"], one["keeps"]]
        shown = (str(cell).replace("|", "\\|") for cell in cells)
        out.append(f"| `{one['id']}` | {' | '.join(shown)} |")
    out.append("\n## What a measure is bound to\n\n| `per` | what | parameters |\n|---|---|---|")
    out += [f"| `{name}` | {says} | {', '.join(f'`{one}`' for one in names)} |" for name, (says, names) in PER.items()]
    return "\n".join(out) + "\n"


def claim_words() -> str:
    """Return the kinds of claims, the forms of sources, the verdicts and the changes, each with its sentence."""
    from flagstate.model import codes

    out = []
    for title, name in (
        ("verdict", "CLAIM_VERDICTS"), ("kind of claim", "CLAIM_KINDS"), ("form of source", "SOURCE_FORMS"),
        ("what changed", "MUTATIONS"),
    ):  # fmt: skip
        out.append(f"| {title} | what it says |\n|---|---|")
        out += [f"| `{code}` | {text} |" for code, text in getattr(codes, name).items()]
        out.append("")
    return "\n".join(out)


def dossier(name: str) -> str:
    """Return the claims of a dossier with who said each first, and who denies it."""
    from flagstate.pipeline import claims
    from flagstate.report import sheet

    out = ["| claim | what it says | kind | first | told in | denied by | changed |\n|---|---|---|---|---|---|---|"]
    for one in sheet.sheets(claims.hold(None, name).tables):
        claim, who = one.claim, one.behind
        first = ", ".join(dict.fromkeys(str(row.get("outlet") or row.get("speaker")) for row in one.primaries))
        changed = ", ".join(dict.fromkeys(row["mutation_kind"] for row in one.changes))
        cells = [sheet.short(claim["claim_id"]), claim["sentence"], claim["claim_kind"], first, who["assertions"]]
        cells += [", ".join(who["denied_by"]) or "–", changed or "–"]
        shown = (str(cell).replace("|", "\\|") for cell in cells)
        out.append(f"| {' | '.join(shown)} |")
    return "\n".join(out) + "\n"
