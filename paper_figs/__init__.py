"""The figures of the papers, one module each; `relutheory figures` makes them.

A module defines PAPER (key in refs.bib), NUMBER (in the paper), CAPTION, SEED (None where nothing is random), SIZE
(inches), `rows()` -> a list of dicts (one per line of the CSV, which is committed; a point that cannot be computed
raises, none is dropped) and `draw(figure, rows)`, which draws on an empty matplotlib Figure from the lines of the CSV
(every cell text) and from nothing else.
"""
