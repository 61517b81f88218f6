"""What measures speed and memory; run from the project's folder, never imported by it."""
