"""The Open Inference Protocol V2: requests read, features encoded, answers written; knows no web framework."""
