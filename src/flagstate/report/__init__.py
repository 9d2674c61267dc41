"""Findings to pages: one HTML file, one JSON document, one screen of text, and tables for other tools."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flagstate.report.meta import Meta

if TYPE_CHECKING:
    from flagstate.report.exports.json import document
    from flagstate.report.page import render
    from flagstate.report.terminal import summary

__all__ = ["Meta", "document", "render", "summary"]


def __getattr__(name: str) -> object:
    """Load a face when it is first asked for: a command that shows nothing pays for none."""
    if name == "document":
        from flagstate.report.exports.json import document

        return document
    if name == "render":
        from flagstate.report.page import render

        return render
    if name == "summary":
        from flagstate.report.terminal import summary

        return summary
    raise AttributeError(f"flagstate.report has no {name}")
