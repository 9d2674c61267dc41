"""Findings to pages: one HTML file, one JSON document, one screen of text, and tables for other tools."""

from __future__ import annotations

from flagstate.report.exports.json import document
from flagstate.report.meta import Meta
from flagstate.report.page import render
from flagstate.report.terminal import summary

__all__ = ["Meta", "document", "render", "summary"]
