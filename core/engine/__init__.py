"""The fast forms of a training step: the same function as `core.step`, tied to it by test.

`core.step` is where to read what is computed; here it is computed with nothing made anew: every buffer is made once,
and a step is a list of calls that are bound to their arrays. Arrays of one layer are feature-major, (n, m): a column is
an example, as in the paper. `choice` says which form a training gets, and why.
"""
