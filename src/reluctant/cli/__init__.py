"""The command line. Only what a command needs is imported, and only when it runs."""

from reluctant.cli.main import main

__all__ = ["main"]
