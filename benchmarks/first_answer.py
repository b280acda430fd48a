"""The time to the first answer: `reluctant run quick` in a new clone, with what takes the time.

    python -m benchmarks.first_answer                         # three runs of this checkout
    python -m benchmarks.first_answer --source ../old/src     # in turn with another checkout, for before and after

Each run has a copy of the source without compiled modules, empty caches of kernels and of matplotlib's fonts, and a
terminal of its own, as after `git clone` and the installation. Run it alone on two free cores.
"""

import argparse
import json
import os
import pty
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

SOURCE = Path(__file__).parent.parent / "src"
LIMITS = {"first curve on the screen": 20.0, "page written": 60.0}
EPOCH_CELL = re.compile(rb"\b(\d+)/\d+\s+\d\.\d{4}")  # of the table in the terminal

# Runs the command and writes when each of its steps was over, in seconds since the epoch of the clock.
PROGRAM = """
import json, sys, time
marks = {}
def mark(name): marks.setdefault(name, time.time())
from reluctant.cli.main import execute, main
import reluctant.api.run as flow, reluctant.report as report
mark("imports")
run_events, write_report = flow.run_events, report.write_report
epochs = {}
def timed(*arguments):
    for event in run_events(*arguments):
        kind = type(event).__name__
        if kind == "Message" and event.run is None: mark("data and networks checked")
        if kind == "Started": mark("workers ready, kernels compiled")
        if kind == "Epoch":
            epochs[event.run] = epochs.get(event.run, 0) + 1
            mark("first epoch")
            if epochs[event.run] == 2: mark("second epoch")
        if kind == "Done": marks["training"] = time.time()
        yield event
def drawn(*arguments, **options):
    mark("results read")
    page = write_report(*arguments, **options)
    mark("page drawn")
    return page
flow.run_events, report.write_report = timed, drawn
status = execute(["run", "quick", *sys.argv[2:]])
open(sys.argv[1], "w").write(json.dumps(marks))
sys.exit(status)
"""
STEPS = ("imports", "data and networks checked", "workers ready, kernels compiled", "first epoch", "second epoch",
         "training", "results read", "page drawn")  # fmt: skip


def first_answer(source: Path, options: list[str]) -> dict[str, float]:
    """Seconds from the start of the command until each step is over, on the screen and in the process."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        clone = shutil.copytree(source, folder / "src", ignore=shutil.ignore_patterns("__pycache__"))
        environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
        environment |= {
            "PYTHONPATH": str(clone), "XDG_CACHE_HOME": str(folder / "cache"), "TERM": "xterm-256color",
            "MPLCONFIGDIR": str(folder / "matplotlib"), "COLUMNS": "100", "LINES": "40",
        }  # fmt: skip
        environment.pop("NUMBA_CACHE_DIR", None)
        leader, follower = pty.openpty()
        began = time.time()
        process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, str(folder / "marks"), *options],
            stdin=subprocess.DEVNULL, stdout=follower, stderr=follower, cwd=folder, env=environment,
        )  # fmt: skip
        os.close(follower)
        seconds = _watch_screen(leader, began)
        status = process.wait()
        seconds["prompt"] = time.time() - began
        if status:
            raise SystemExit(f"`reluctant run quick` ended with status {status}")
        assert (folder / "out/quick/report.html").is_file()
        marks = json.loads((folder / "marks").read_text())
    seconds |= {step: marks[step] - began for step in STEPS}
    seconds["page written"] = seconds["page drawn"]
    return seconds


def _watch_screen(leader: int, began: float) -> dict[str, float]:
    """When the first and the second epoch of a run stood in the terminal."""
    seconds: dict[str, float] = {}
    text = b""
    with suppress(OSError):  # Linux reports the end of a terminal in this way
        while part := os.read(leader, 65536):
            text = text[-5000:] + re.sub(rb"\x1b\[[0-9;?]*[a-zA-Z]", b"", part)
            epoch = max((int(each) for each in EPOCH_CELL.findall(text)), default=0)
            if epoch >= 1:
                seconds.setdefault("first numbers on the screen", time.time() - began)
            if epoch >= 2:
                seconds.setdefault("first curve on the screen", time.time() - began)
    os.close(leader)
    return seconds


def main() -> None:
    """Print a table: the median and all runs of every step, for each source."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--source", type=Path, action="append", default=[], help="another checkout's src")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("options", nargs="*", help="of `reluctant run quick`, after --")
    arguments = parser.parse_args()
    sources = [*arguments.source, SOURCE]
    measured: dict[Path, list[dict[str, float]]] = {source: [] for source in sources}
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    for _ in range(arguments.runs):
        for source in sources:
            measured[source].append(first_answer(source.resolve(), arguments.options))
    for source, runs in measured.items():
        print(f"\n{source}: seconds after the start of `reluctant run quick`")
        before = 0.0
        for step in STEPS:
            each = [run[step] for run in runs]
            median = statistics.median(each)
            print(f"  {step:34}{median:7.1f}  (+{median - before:.1f})   {' '.join(f'{s:.1f}' for s in each)}")
            before = median
        for step in ("first numbers on the screen", *LIMITS, "prompt"):
            each = [run.get(step, float("nan")) for run in runs]
            limit = f"  at most {LIMITS[step]:.0f}" if step in LIMITS else ""
            print(f"  {step:34}{statistics.median(each):7.1f}{limit}   {' '.join(f'{s:.1f}' for s in each)}")


if __name__ == "__main__":
    main()
