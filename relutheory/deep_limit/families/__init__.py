"""Families of layers: formulas in n, lists, functions, seeds; and what the sums of their norms are."""
