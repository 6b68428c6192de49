"""The input of a layer from its output: exactly, from noisy values, in batches."""

from relutheory.injectivity.inverting.batch import BatchReconstruction, reconstruct_batch
from relutheory.injectivity.inverting.preimage import OutOfRange
from relutheory.injectivity.inverting.reconstruction import Found, Reconstruction, reconstruct

__all__ = ["BatchReconstruction", "Found", "OutOfRange", "Reconstruction", "reconstruct", "reconstruct_batch"]
