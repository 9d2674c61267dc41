"""Evidence comes in: one file per format, opened within bounds, yielded as typed streams and facts."""
