"""The formats, in the order in which they are asked; the first that recognises the content reads it."""

from __future__ import annotations

from importlib import import_module

from flagstate.read.part import Head, Kind, Reader
from flagstate.read.unknown import describe

FORMATS = (
    "zeek",  # TSV by its header lines, JSON by its field names, Parquet by its schema: before any other Parquet
    "vpc_flow",  # text, and before any other Parquet: AWS writes these logs as that too
    # Binary formats first: their first bytes leave no doubt.
    "pcap",
    "parquet",
    "sqlite",
    "mail",  # Outlook's files are binary too, and messages begin with their headers
    "xlsx",
    # Weights, drawings, genetic data and keys are what they are by their first bytes or lines.
    "content",
    # Text with a shape of its own, from the most particular to the most general.
    "eve",  # Suricata's, by the fields of its events
    "nfdump",  # by the names of its columns
    "argus",  # by the names of its columns
    "azure_flow",  # by its categories and its tuples
    "gcp_flow",  # by the fields of its entries
    "har",
    "edifact",
    "gleif",  # XML and CSV of the register of LEIs, before any XML and any table
    "xml",
    "sqldump",
    "terraform",
    "cyclonedx",
    "bods",
    "ftm",
    "estate",
    "cloudtrail",
    "actiontrail",
    "postgresql_log",
    "access_log",
    # Anything that is JSON is a table of some kind, so this comes after all JSON with a meaning.
    "jsontable",
    "yamldoc",
    # Code has commas and colons too.
    "code",
    # Almost any text can be read as delimited, so this comes after all text with a shape of its own.
    "delimited",
    # What is text and nothing else is searched line by line, so this comes last.
    "text",
)
"""Modules of this room, each with a `READER`."""


def readers() -> dict[str, Reader]:
    """Return the readers in order, by name of their module."""
    return {name: import_module(f"flagstate.read.{name}").READER for name in FORMATS}


def identify(head: Head) -> tuple[Reader | None, Kind]:
    """Return who reads an artefact and as what; without a reader the kind says why it is not recognised."""
    if not head.data:
        return None, describe(head)
    for reader in readers().values():
        kind = reader.recognise(head)
        if kind is not None:
            return reader, kind
    return None, describe(head)
