"""A run trained by a command: arguments without a shell, and a result that the command writes or prints."""

import csv
import io
import json
import math
import re
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import fields
from pathlib import Path
from typing import Any

from reluctant.core.display import did_you_mean, quoted
from reluctant.core.errors import StudyError
from reluctant.core.parent_death import die_with_parent
from reluctant.study import Run

RESULT = "result"
TAIL = 2000  # characters of the command's output that a failure shows
LARGEST = 64 * 2**20  # bytes of a result
NO_SCORE = ("", "na", "n/a", "null", "none", "-")
_FIELD = re.compile(r"\{(\w+)\}")
KEYS = ("activation", "arm", "seed", RESULT,
        *(f.name for f in fields(Run) if f.name not in ("activation", "seed", "train", "command")))  # fmt: skip


def command_words(command: str) -> list[str]:
    """The program and its arguments, as a shell would part them.

    Raises:
        StudyError: A quotation mark without its partner, no program, a `{key}` that is none, no `{seed}`.
    """
    try:
        words = shlex.split(command)
    except ValueError as fault:
        raise StudyError(f"command: {fault} in {quoted(command)}") from None
    if not words:
        raise StudyError("command is empty; write for example python train.py --act {activation} --seed {seed}")
    used = _FIELD.findall(command)
    for key in used:
        if key not in KEYS:
            hint = did_you_mean(key, KEYS) or f"; there are {', '.join(f'{{{k}}}' for k in KEYS[:6])}, …"
            raise StudyError(f"command: there is nothing to write for {{{key}}}{hint}")
    for needed in ("seed", "activation"):
        if needed not in used and not (needed == "activation" and "arm" in used):
            raise StudyError(
                f"command: {{{needed}}} is missing, so all runs would be the same; write for example "
                f"python train.py --act {{activation}} --seed {{seed}}"
            )
    return words


def arguments(command: str, run: Run, result: Path) -> list[str]:
    """The words of the command for one run."""
    values: dict[str, Any] = {**run.to_dict(), "arm": run.activation, RESULT: result}
    return [_FIELD.sub(lambda match: str(values[match[1]]), word) for word in command_words(command)]


def run_command(command: str, run: Run, folder: Path, directory: str) -> list[tuple[int | None, Mapping[str, Any]]]:
    """Run the command for one run: its scores, by epoch where it gives epochs.

    Args:
        command: With `{activation}` or `{arm}`, `{seed}`, and where it writes its result `{result}`.
        run: What is to be trained.
        folder: Of this run's own.
        directory: In which the command runs.

    Raises:
        StudyError: There is no such program, it ends with another status than 0, or its result cannot be read.
    """
    shutil.rmtree(folder, ignore_errors=True)  # what an earlier attempt left is no result of this one
    folder.mkdir(parents=True)
    words = arguments(command, run, folder / RESULT)
    with (folder / "stdout").open("w+b") as out, (folder / "stderr").open("w+b") as errors:
        try:
            process = subprocess.Popen(
                words, cwd=directory, stdin=subprocess.DEVNULL, stdout=out, stderr=errors, start_new_session=True,
                preexec_fn=die_with_parent if sys.platform == "linux" else None,  # noqa: PLW1509
            )  # fmt: skip
        except FileNotFoundError:
            raise StudyError(f"there is no program {words[0]!r} to run the command {quoted(command)}") from None
        except OSError as fault:
            raise StudyError(f"the command {quoted(command)} cannot be started: {fault.strerror or fault}") from None
        try:
            status = process.wait()
        finally:
            if process.poll() is None:
                with suppress(ProcessLookupError):
                    process.kill()
                process.wait()
        output, tail = _end_of(out), "\n".join(filter(None, (_end_of(out), _end_of(errors))))
    if status:
        how = f"was killed by {signal.Signals(-status).name}" if status < 0 else f"ended with status {status}"
        raise StudyError(f"the command {how}\n{shlex.join(words)}\n{tail[-TAIL:]}".strip())
    written = [path for path in folder.glob(f"{RESULT}*") if path.is_file()]
    if f"{{{RESULT}}}" in command:
        if not written:
            raise StudyError(
                f"the command wrote no result to {{{RESULT}}}\n{shlex.join(words)}\n{tail[-TAIL:]}".strip()
            )
        if written[0].stat().st_size > LARGEST:
            raise StudyError(
                f"the result of the command is larger than {LARGEST // 2**20} MB; it holds scores, nothing else"
            )
        return read_result(written[0].read_bytes())
    return _last_line(output, words, tail)


def read_result(content: bytes) -> list[tuple[int | None, Mapping[str, Any]]]:
    """The scores in a result file: a JSON object, a list of them, one per line, or a CSV table; by epoch if it has one.

    What is no number in it is left out.

    Raises:
        StudyError: It is none of these, or holds no number.
    """
    try:
        text = content.decode("utf-8-sig").strip()
    except UnicodeDecodeError:
        raise StudyError("the result of the command is no text in UTF-8; write JSON or CSV") from None
    if not text:
        raise StudyError('the result of the command is empty; write a JSON object such as {"accuracy": 0.93}')
    rows: Sequence[Any]
    if text[0] in "[{":
        try:
            content_ = json.loads(text)
            rows = content_ if isinstance(content_, list) else [content_]
        except ValueError as whole:
            try:
                rows = [json.loads(line) for line in text.splitlines() if line.strip()]
            except ValueError:
                raise StudyError(f"the result of the command is no whole JSON ({whole})") from None
    else:
        try:
            rows = list(csv.DictReader(io.StringIO(text, newline="")))  # lines may end with \r alone
        except csv.Error as fault:
            raise StudyError(f"the result of the command is neither JSON nor a CSV table ({fault})") from None
    for row in rows:
        if not isinstance(row, Mapping):
            raise StudyError(f"the result of the command holds {quoted(row)} where an object of scores belongs")
    reports = _reports([_flattened(row) for row in rows])
    if not reports:
        raise StudyError('the result of the command holds no number; write a JSON object such as {"accuracy": 0.93}')
    return reports


def _reports(rows: Sequence[Mapping[str, Any]]) -> list[tuple[int | None, Mapping[str, Any]]]:
    """Scores by epoch, in the order of the epochs; those of one epoch belong together."""
    numeric = {key for row in rows for key, raw in row.items() if _number(raw) is not None}
    reports: list[tuple[int | None, Mapping[str, Any]]] = []
    for row in rows:
        for key, raw in row.items():
            if key not in numeric and re.fullmatch(r"[\d.,]+\s*%", str(raw).strip()):
                raise StudyError(f"the result of the command has {key} = {quoted(raw)}; write it as a number")
        scores = {key: _score(key, raw) for key, raw in row.items() if key in numeric}
        epoch = scores.pop("epoch", None)
        if epoch is not None and not (math.isfinite(epoch) and epoch >= 0):
            raise StudyError(f"the result of the command has the epoch {epoch}; an epoch is a number from 0")
        if scores:
            reports.append((None if epoch is None else int(epoch), scores))
    if any(epoch is None for epoch, _ in reports):
        return reports
    merged: dict[int, dict[str, Any]] = {}
    for number, part in sorted(reports, key=lambda report: report[0] or 0):
        merged.setdefault(number or 0, {}).update(part)
    return list(merged.items())


def _flattened(row: Mapping[Any, Any], before: str = "") -> dict[str, Any]:
    """A result in which objects within objects are named `metrics.accuracy`."""
    flat: dict[str, Any] = {}
    for key, value in row.items():
        if isinstance(value, Mapping):
            flat |= _flattened(value, f"{before}{key}.")
        else:
            flat[f"{before}{key}".strip()] = value
    return flat


def _number(value: Any) -> float | None:
    """A number, also one written as a text as in CSV; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        return float(value)
    except (ValueError, OverflowError):
        return None


def _score(key: str, value: Any) -> float:
    """A score; NaN where nothing was written for it; `StudyError` for a text that is no number."""
    number = _number(value)
    if number is not None:
        return number
    if value is None or str(value).strip().casefold() in NO_SCORE:
        return math.nan
    raise StudyError(f"the result of the command has {key} = {quoted(value)}, which is no number")


def _last_line(output: str, words: Sequence[str], tail: str) -> list[tuple[int | None, Mapping[str, Any]]]:
    """The scores in the last line that was printed."""
    lines = [line for line in output.splitlines() if line.strip()]
    last = lines[-1].strip() if lines else ""
    if not last.startswith("{"):
        raise StudyError(
            'the last line that the command printed is no JSON object; print one such as {"accuracy": 0.93}, or let it '
            f"write a file and add {{result}} to the command\nthe last line was {quoted(last)}\n{shlex.join(words)}\n"
            f"{tail[-TAIL:]}".strip()
        )
    return read_result(last.encode())


def _end_of(stream: Any) -> str:
    """The last part of what a program printed."""
    size = stream.seek(0, 2)
    stream.seek(max(0, size - 2**16))
    return str(stream.read().decode(errors="replace"))
