"""The same answers for other tools; each export makes text inert in its own way."""
