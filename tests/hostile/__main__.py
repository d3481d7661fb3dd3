"""`python3 -m tests.hostile --list`: how many inputs there are, by group; `--names`: each of them.

They are sent by `python3 dev.py test tests/hostile`.
"""

from __future__ import annotations

import argparse
import sys

from tests.hostile.catalogue import counts, named


def main() -> int:
    """Print what was asked for."""
    parser = argparse.ArgumentParser(prog="python3 -m tests.hostile", description=__doc__)
    shown = parser.add_mutually_exclusive_group(required=True)
    shown.add_argument("--list", action="store_true", help="the counts by group")
    shown.add_argument("--names", action="store_true", help="every input by its name")
    if parser.parse_args().names:
        lines = [f"{name}: {wants}" for name, wants in named()]
    else:
        found = counts()
        width = max(map(len, found))
        lines = [f"{group:<{width}}  {count:>5}" for group, count in found.items()]
        lines.append(f"{'all':<{width}}  {sum(found.values()):>5}")
    sys.stdout.write("\n".join(lines) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
