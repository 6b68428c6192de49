"""Exact numbers, verdicts, certificates, errors: the vocabulary of every other room."""
