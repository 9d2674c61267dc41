"""The only room that may listen. It serves nothing in this version: the report is one file that any browser opens."""
