"""The command `nasinit`, also as `python -m nasinit`."""

from __future__ import annotations

import sys

import nasinit


def main() -> None:
    """Run the command line (`harness.cli`), or say in a line why it cannot be loaded."""
    if nasinit.foreign_harness:
        print(f"nasinit: {nasinit.foreign_harness}", file=sys.stderr)
        sys.exit(2)
    from harness.errors import InstallationError

    try:
        from harness.cli import main as command_line
    except InstallationError as error:
        print(f"nasinit: {error}", file=sys.stderr)
        sys.exit(2)
    command_line()


if __name__ == "__main__":
    main()
