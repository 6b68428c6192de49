"""`python -m relutheory` is the command `relutheory`."""

from __future__ import annotations

import sys

from relutheory.cli import main

if __name__ == "__main__":
    sys.exit(main())
