"""The mathematics of multilayer perceptrons, from a table's columns to a trained network.

NumPy and SciPy only: no files, no environment, no wall clock of its own, no global random state.
"""
