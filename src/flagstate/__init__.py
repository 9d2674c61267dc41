"""Audits where data is, who can reach it and where it goes, from evidence."""
