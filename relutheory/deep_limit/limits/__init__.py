"""Limits at an input: passes, tails, frozen patterns, fixed points, and proofs that there is none."""
