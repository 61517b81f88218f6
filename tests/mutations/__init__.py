"""Hand-made mutations of the guards, each of which a test must notice."""
