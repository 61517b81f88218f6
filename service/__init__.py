"""The HTTP service: JSON is known here and nowhere else."""
