"""`python -m ingress`: serve until told to stop."""

from __future__ import annotations

import sys

from ingress.server import main

if __name__ == "__main__":
    sys.exit(main())
