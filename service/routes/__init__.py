"""Thin routes: a request's parts in, one call, an answer out."""
