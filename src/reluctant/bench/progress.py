"""The progress of a benchmark on the standard error stream: one line that changes in a terminal, few lines elsewhere.

There is no live display: its thread would be measured too.
"""

import sys
import time
from collections.abc import Callable
from typing import TextIO

EVERY = 1.0  # seconds between lines
EVERY_IN_FILE = 10.0  # between rounds, where lines stay
WIDTH = 79


class ProgressLine:
    """Prints what a benchmark does.

    Example:
        line = ProgressLine(rounds=15)
        line.phase("preparing relu")
        line.round(1)
        line.close()
    """

    def __init__(self, rounds: int, stream: TextIO | None = None, timer: Callable[[], float] = time.monotonic) -> None:
        self.rounds, self.timer = rounds, timer
        self.stream = sys.stderr if stream is None else stream
        self.in_terminal = self.stream.isatty()
        self.printed = timer()  # the time of the last line; what fails at once fails without one
        self.began = self.printed  # of the rounds

    def phase(self, text: str) -> None:
        """Print what is being prepared: in a terminal at once, since it may take long."""
        self.began = self.timer()
        if self.in_terminal or self.began - self.printed >= EVERY:
            self._print(text)

    def round(self, done: int) -> None:
        """Print how many rounds are done, and how long the others will take."""
        now = self.timer()
        if done < self.rounds and now - self.printed >= (EVERY if self.in_terminal else EVERY_IN_FILE):
            left = (now - self.began) / done * (self.rounds - done)
            self._print(f"round {done + 1} of {self.rounds}, about {left:.0f} s left")

    def close(self) -> None:
        """Remove the line from a terminal."""
        if self.in_terminal:
            self.stream.write("\r\x1b[K")
            self.stream.flush()

    def _print(self, text: str) -> None:
        self.printed = self.timer()
        self.stream.write(f"\r\x1b[K{text[:WIDTH]}" if self.in_terminal else f"{text}\n")
        self.stream.flush()
