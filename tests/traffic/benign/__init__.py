"""Ordinary traffic."""
