"""Products of layers over all activations at once: the largest ones, and norms in which all are small."""
