"""The commands of ``mlp``, one idea a module."""
