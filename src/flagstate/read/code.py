"""Source code, by its content: which language a text is written in, and the text itself, searched for secrets.

A text is code where enough of its lines have the shape of statements of one language; the file's suffix lowers the bar
and never decides alone. Configuration, markup and queries alone are no code. All files of one language in one folder
are one holding, whose records are files.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from flagstate import model
from flagstate.read.charset import sniff, text_head
from flagstate.read.lines import Progress, notes, prose
from flagstate.read.part import Context, Facts, Head, Kind, Opened, Part, Reader

LINES = 200
"""Lines that are looked at."""
FEWEST = 4
"""Lines of statements that code has at least; with its suffix two."""
SURE, NAMED = 0.34, 0.1
"""Share of lines that are statements: without the suffix of the language, and with it."""

C_LIKE = (
    r"#\s*(?:include\s*[<\"]|define \w|ifn?def |pragma )|(?:static|extern|inline|const|unsigned|void|int|char|double|float|"
    r"bool|size_t|u?int\d+_t|struct|auto) [\w *&:<>,]+[({;=]|(?:if|for|while|switch) ?\(.*[){]$|return\b.*;|\w+\(.*\);$|"
    r"(?:template ?<|namespace \w|using \w|class \w+|public:|private:|typedef )|\}[ ;]*$|[\w.\->\[\]]+ [-+|&*]?= .*;$"
)
C_SHARP = (
    r"using [\w.]+;|namespace [\w.]+|(?:public|private|protected|internal|static|sealed|async|override|virtual) .*[{;=(]|"
    r"(?:if|for|foreach|while|switch|catch|lock) ?\(|return\b.*;|var \w+ = .*;|\}[ ;]*$|await |[\w.]+\(.*\);$|\[\w+.*\]$"
)
JAVA = (
    r"(?:package|import) [\w.*]+;|import static |(?:public|private|protected|static|final|abstract|class|interface|enum) "
    r".*[{;(]|@[A-Z]\w+|(?:if|for|while|switch|catch) ?\(|return\b.*;|\}[ ;]*$|throw new |[\w.]+\(.*\);$|\w[\w<>]* \w+ = .*;"
)
SCRIPT = (
    r"(?:import .* from ['\"]|export (?:default|const|function|class)|const [\w{\[].* = |let \w.*=|var \w+ ?=|"
    r"(?:async )?function\b|class \w+.*\{|return\b.*;?$|(?:if|for|while|switch) ?\(|\}[);, ]*$|module\.exports|"
    r".*require\(['\"]|.*=> ?[{(]|await |interface \w+ |type \w+ = |this\.\w+|[\w.]+\(.*\);?$)"
)
LANGUAGES: tuple[tuple[str, tuple[str, ...], str], ...] = (
    (
        "Python", (".py", ".pyi", ".pyw"),
        r"(?:async )?def \w+\(|class \w+.*:$|from [\w.]+ import |import [\w.]+(?: as \w+)?$|(?:if|elif|for|while|with) .*:$|"
        r"(?:else|try|finally):$|except\b.*:$|return\b|raise \w|@\w[\w.]*(?:\(.*\))?$|self\.\w+|yield |assert |\w+ = \w.*[(\[]",
    ),
    ("JavaScript or TypeScript", (".js", ".mjs", ".cjs", ".jsx", ".ts", ".tsx", ".vue"), SCRIPT),
    ("Java", (".java",), JAVA),
    ("C#", (".cs",), C_SHARP),
    ("C or C++", (".c", ".h", ".cc", ".cpp", ".cxx", ".hpp", ".cu", ".ino", ".m", ".mm"), C_LIKE),
    (
        "Go", (".go",),
        r"package \w+$|import (?:\(|\")|func [(\w]|type \w+ (?:struct|interface|func)|\w[\w, ]* := |if .*\{$|for .*\{$|return\b|"
        r"\}$|defer |go \w+|var \w+ |switch .*\{$|case .*:$",
    ),
    (
        "Rust", (".rs",),
        r"use [\w:]+.*;|(?:pub |pub\(\w+\) )?(?:fn|struct|enum|trait|mod|const|static|type) \w|impl\b.*\{|let (?:mut )?\w+|"
        r"match .*\{|#!?\[\w+|\}[;,)]*$|if .*\{$|for .* in .*\{|[\w:.]+!\(|Ok\(|return\b",
    ),
    (
        "PHP", (".php", ".phtml"),
        r"<\?php|namespace [\w\\]+;|use [\w\\]+;|\$\w+.*;$|(?:public|private|protected|static|final) |function \w*\(|"
        r"(?:if|foreach|while|for) ?\(|return\b.*;|\}$|echo .*;|\$this->",
    ),
    (
        "Ruby", (".rb", ".rake"),
        r"require(?:_relative)? ['\"]|module [A-Z]|class [A-Z].*|def \w+|end$|attr_\w+ :|include [A-Z]|@\w+ |.*\bdo(?: \|.*\|)?$|"
        r"(?:if|unless|elsif|when) ",
    ),
    (
        "Kotlin, Swift or Scala", (".kt", ".kts", ".swift", ".scala"),
        r"(?:package|import) [\w.]+$|(?:(?:public|private|override|open|data|sealed|final|static|internal|case) )*"
        r"(?:fun|func|class|object|struct|protocol|trait|val|var|let|def|enum) \w+.*|\}$|return\b|(?:if|for|while|guard) .*\{$",
    ),
    (
        "Shell", (".sh", ".bash", ".zsh", ".ksh"),
        r"#!.*\b(?:ba|z|k)?sh\b|if \[.*\]|fi$|then$|done$|do$|esac$|for \w+ in |while |\w+\(\) ?\{|echo |export \w+=|\w+=\$?[\"'(]|"
        r"(?:set|cd|mkdir|rm|cp|mv|source|exit|sudo|curl) ",
    ),
    (
        "PowerShell", (".ps1", ".psm1"),
        r"function [A-Z]\w+-\w+|param ?\(|\$\w+ = |(?:Get|Set|New|Write|Import|Add|Remove)-\w+|(?:if|foreach) ?\(|\}$|\[\w+\]\$",
    ),
    ("Perl", (".pl", ".pm"), r"use \w[\w:]*.*;|(?:my|our) [$@%(]|sub \w+|[$@%]\w+.*;$|(?:if|foreach|while) ?\(|\}$|package [\w:]+;"),
    ("R", (".r", ".rmd"), r"library\(|[\w.]+ <- |function\(|\w+\(.*\)$|if ?\(|for ?\(|\}$|.* %>%$"),
    (
        "Lua", (".lua",),
        r"local \w|function [\w.:]*\(|end[,)]*$|if .* then$|for .* do$|return\b|require ?[(\"']|elseif .* then$",
    ),
    ("MATLAB", (".mat", ".m"), r"function .*=|end$|%.*|for \w+ ?= ?|if .*|[\w(),]+ = .*;$|clear|close all"),
    (
        "Verilog or VHDL", (".v", ".sv", ".vhd", ".vhdl"),
        r"module \w+|endmodule|(?:input|output|wire|reg|logic|assign|parameter) |always\b.*@|begin$|end$|(?:entity|architecture) "
        r"\w+|signal \w+|process ?\(|.* <= .*;$|library \w+;|use ieee",
    ),
    ("Solidity", (".sol",), r"pragma solidity|contract \w+|function \w+\(|mapping ?\(|(?:uint|address|bool)\w* .*;|require\(|emit |\}$"),
    (
        "Fortran or COBOL", (".f", ".f90", ".for", ".cob", ".cbl"),
        r"(?i:program |subroutine |end (?:program|subroutine|do|if|function)|integer|real|call |do |implicit none|"
        r"(?:identification|data|procedure|environment) division|\d\d +[\w-]+ +pic |move .* to |perform |display )",
    ),
    (
        "Haskell, OCaml or Elixir", (".hs", ".ml", ".ex", ".exs", ".erl", ".clj"),
        r"module [A-Z]|import (?:qualified )?[A-Z]|\w+ ::|where$|let (?:rec )?\w+|defmodule |def[pn]? \w+|end$|\(defn? |-module\(|"
        r"-export\(|open [A-Z]|\|> ",
    ),
)  # fmt: skip
PATTERNS = tuple((name, suffixes, re.compile(f"(?:{pattern})")) for name, suffixes, pattern in LANGUAGES)
COMMENT = re.compile(r"#(?!!|include|define|ifn?def|pragma|!?\[)|//|/\*|\*|--|;;|\"\"\"")
STATEMENT = re.compile(r"[;{}():,]$|^(?:def|class|import|from|fn|func|function|local|library|end|fi|done)\b|:=|<-")
SENTENCE = re.compile(r"[A-Z][a-z]+(?: [a-z']+){4,}")


def recognise(head: Head) -> Kind | None:
    """Text of which enough lines are statements of one language."""
    language = language_of(text_head(head.data) or "", head.suffix)
    return Kind(f"code {language}") if language else None


def language_of(text: str, suffix: str) -> str:
    """Return the language that a text is written in, or an empty string: it is no code, or not clearly.

    Args:
        text: Its beginning.
        suffix: Last suffix of its name, in lower case.
    """
    lines = [line for raw in text.split("\n")[:LINES] if (line := raw.strip())]
    body = [line for line in lines if not COMMENT.match(line)]
    if not body or sum(bool(STATEMENT.search(line)) for line in body) * 5 < len(body):
        return ""
    if sum(bool(SENTENCE.match(line)) for line in body) * 4 > len(body):
        return ""
    best, found = 0.0, ""
    for name, suffixes, pattern in PATTERNS:
        hits = sum(bool(pattern.match(line)) for line in body)
        kinds = len({line[:3] for line in body if pattern.match(line)})
        named = suffix in suffixes
        share = hits / len(body)
        if hits < (2 if named else FEWEST) or kinds < 2 or share < (NAMED if named else SURE):
            continue
        if share + named > best:
            best, found = share + named, name
    return found


def read(opened: Opened, kind: Kind, context: Context) -> Iterator[Part]:
    """Yield the holding, and the lines as running text."""
    language = kind.name.removeprefix("code ")
    folder, _, name = opened.name.replace("!", "/").rpartition("/")
    row = {
        "asset_id": f"store:{folder or opened.name}",
        "container": f"{folder}/*{_ending(name)}" if folder else opened.name,
        "data_class": "source_code",
        "records": 1,
        "state": "stored",
        "confidence": "high",
        "reasons": [f"its lines are statements of {language}"],
    }
    yield Facts("holding", model.rows(model.HOLDING, [row]), "observed")
    progress = Progress()
    encoding = sniff(opened.head.data) or "utf-8"
    yield from prose(opened, encoding, context.max_rows, progress)
    yield from notes(progress, encoding)


def _ending(name: str) -> str:
    return f".{name.rsplit('.', 1)[1]}" if "." in name else ""


READER = Reader("code", "Source code in some thirty languages; its lines are searched for secrets.", recognise, read)
