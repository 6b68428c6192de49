"""Proofs checked by means that share nothing with the code that found them: algebra, certificates."""
