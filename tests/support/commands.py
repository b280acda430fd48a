"""A command of `reluctant`, run within the test."""

import pytest

from reluctant.cli.main import execute


def answer(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    """The exit status of a command, its output and its errors."""
    status = execute([str(argument) for argument in arguments])
    out, err = capsys.readouterr()
    return status, out, err
