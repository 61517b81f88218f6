"""Models that travel: a version as a file for other programs; knows no web framework."""
