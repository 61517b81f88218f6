"""What the peers run, each file in its own environment: nothing here imports the project, nor each other."""
