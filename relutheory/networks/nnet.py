"""The .nnet text format of the ACAS Xu networks."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

from relutheory.core.errors import InputError, reject, shown
from relutheory.networks.layers import ReLUNetwork

_SKIPPED = (
    "flag",
    "input minima",
    "input maxima",
    "means",
    "ranges",
)  # the lines between the sizes and the weights


def read_nnet(path: Path) -> ReLUNetwork:
    """The network in a .nnet file; the last layer is the affine read-out.

    path : the file.  The means and ranges of the file are not applied: the network acts on normalised inputs
    and returns normalised outputs, as the ONNX versions of the same networks do.  Each number is read as the
    float64 nearest to its decimal text, as other readers of the format do.  Raises InputError, naming the
    line, for a damaged file.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise InputError("not a text file in .nnet format") from None
    lines = _Lines(text)
    header = lines.integers("numbers of layers, inputs and outputs")
    sizes = lines.integers("layer sizes")
    if len(header) < 3 or header[0] < 1 or min(sizes, default=0) < 1:
        reject("header", header, "must state the numbers of layers, inputs and outputs, all positive")
    if len(sizes) != header[0] + 1 or [sizes[0], sizes[-1]] != header[1:3]:
        reject("layer sizes", sizes, f"must agree with the header {header[:3]}")
    for what in _SKIPPED:
        lines.next(what)
    pairs = []
    for n, m in pairwise(sizes):
        weight = [lines.floats(n, "row of weights") for _ in range(m)]
        pairs.append((weight, [lines.floats(1, "bias")[0] for _ in range(m)]))
    lines.expect_end()
    return ReLUNetwork(pairs)


class _Lines:
    """The lines of the file that are neither blank nor comments, cut at commas, one after the other."""

    def __init__(self, text: str) -> None:
        numbered = enumerate(text.splitlines(), start=1)
        self._rest = iter([(i, line) for i, line in numbered if line.strip() and not line.lstrip().startswith("//")])
        self._number = 0

    def next(self, what: str) -> list[str]:
        self._number, line = next(self._rest, (0, ""))
        if not self._number:
            raise InputError(f"the file ends where the {what} should be")
        return [token.strip() for token in line.split(",") if token.strip()]

    def integers(self, what: str) -> list[int]:
        tokens = self.next(what)
        try:
            return [int(token) for token in tokens]
        except ValueError:
            reject(f"line {self._number}", ",".join(tokens), f"must hold the {what}")

    def floats(self, count: int, what: str) -> list[float]:
        tokens = self.next(what)
        if len(tokens) != count:
            reject(f"line {self._number}", f"{len(tokens)} numbers", f"must be a {what}: {count}")
        try:
            return [float(token) for token in tokens]
        except ValueError:
            reject(f"line {self._number}", ",".join(tokens), f"must be a {what}")

    def expect_end(self) -> None:
        for number, line in self._rest:
            raise InputError(f"line {number} = {shown(line.strip())}: must not follow the last layer")
