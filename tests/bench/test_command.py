"""The command `reluctant bench`: its table, its messages, its files."""

import csv
import json
import math
from pathlib import Path
from xml.etree import ElementTree

import pytest
import torch

from reluctant.bench import measure as measure_module
from reluctant.bench.rounds import time_round
from reluctant.cli.main import CANNOT, DONE, execute
from tests.support.figures import FOUR


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """`reluctant bench` with very short timings, in an empty folder."""
    monkeypatch.setattr("reluctant.bench.timing.MIN_SECONDS", 1e-6)
    monkeypatch.setattr("reluctant.bench.progress.EVERY", math.inf)  # no progress on a slow machine either
    monkeypatch.setattr(measure_module, "time_round_in_process", time_round)  # in this process
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr("os.getloadavg", lambda: (0.1, 0.1, 0.1))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run_bench(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    status = execute(["bench", *words])
    out, err = capsys.readouterr()
    return status, out, err


HEAD = ["forward+ both both", "forward backward backward passes passes saved peak"]
UNITS = "activation × ReLU × ReLU × ReLU µs GB/s × input memory"


def test_the_table_fits_80_columns(quick: Path, capsys: pytest.CaptureFixture[str]) -> None:
    user_defined = "tests.support.own_activations:Gate(beta=2)"
    status, out, err = run_bench(capsys, *FOUR, user_defined, "--shape", "8x32", "--rounds", "7")
    assert (status, err) == (DONE, "")
    lines = out.splitlines()
    assert max(map(len, lines)) <= 80
    assert [" ".join(line.split()) for line in lines[:3]] == [*HEAD, UNITS]
    assert [line.split()[0] for line in lines[3:9]] == [
        "relu", "leaky_relu", "(negative_slope=0.002)", "elu", "gelu", "tests.support.own_activ"
    ]  # fmt: skip
    assert "±" in lines[6]
    assert "\x1b" not in out
    text = " ".join(out.split())
    assert "median of 7 ratios to ReLU in the same round" in text
    assert "98.4 % interval" in text
    for word in ("1 thread", "float32", "8x32", "7 rounds", "torch 2."):
        assert word in text


def test_without_names_eight_activations_are_measured(quick: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = run_bench(capsys, "--shape", "16", "--rounds", "1")
    for name in ("relu", "leaky_relu", "elu", "gelu", "silu", "mish", "tanh", "hardswish"):
        assert f"\n{name} " in out
    assert "±" not in out


def test_a_busy_machine_gets_a_warning(
    quick: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, calm, _ = run_bench(capsys, "relu", "--shape", "16", "--rounds", "1")
    monkeypatch.setattr("os.getloadavg", lambda: (4.9, 0.1, 0.1))
    monkeypatch.setattr("reluctant.core.environment.cores", lambda: 2)
    _, busy, _ = run_bench(capsys, "relu", "--shape", "16", "--rounds", "1")
    assert "Other programs use this machine (load 4.9 on 2 cores)" in busy
    assert "Other programs" not in calm


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["relo"], "no activation is called 'relo'; did you mean 'relu'"),
        (["elu(alpha=x)"], "x is neither a number, a quoted string"),
        (["no_such_module:F"], "no module 'no_such_module'"),
        (["--shape", "32x"], "shape '32x' cannot be read; write whole sizes with x between them"),
        (["--shape", "0x3"], "cannot be read"),
        (["--shape", "9" * 9 + "x" + "9" * 9], "more than this machine has; give a smaller --shape"),
        (["--dtype", "float31"], "no dtype for a measurement is called 'float31'; did you mean 'float32'"),
        (["--dtype", "int8"], "known: float32"),
        (["--device", "cuda:99"], "device 'cuda:99' cannot be used here"),
        (["--device", "toaster"], "Leave --device out, or write cpu"),
        (["--device", "meta"], "it computes nothing"),
        (["-o", "f.pdf"], "write one ending in .svg, .png, .csv, .json"),
        (["tests.support.own_activations:raising"], "it fails on shape 4x8 in float32 (ValueError: no such luck)"),
        (
            ["tests.support.own_activations:narrowing"],
            "it turns shape (4, 8) into (4, 1); an activation keeps the shape",
        ),
        (["tests.support.own_activations:doubling"], "an activation keeps the dtype"),
        (["tests.support.own_activations:listing"], "it returns list; it must return a tensor"),
        (["tests.support.own_activations:aliasing"], "in-place operation"),
        (["tests.support.own_activations:number"], "neither a class, a function nor a factory"),
        (["tests.support.bench_trials:step_function"], "no gradient flows through it"),
    ],
)
def test_a_mistake_gets_one_message(
    quick: Path, capsys: pytest.CaptureFixture[str], words: list[str], message: str
) -> None:
    status, out, err = run_bench(capsys, "--shape", "4x8", "--rounds", "1", *words)
    assert (status, out) == (CANNOT, "")
    assert message in err
    assert "Traceback" not in err
    assert err.count("\n") == 1


def test_files_are_written(quick: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for ending in ("svg", "png", "csv", "json"):
        status, out, _ = run_bench(capsys, "gelu", "--shape", "4x8", "--rounds", "6", "-o", f"new/b.{ending}")
        assert status == DONE
        assert f"written: new/b.{ending}" in out
    ElementTree.fromstring((quick / "new/b.svg").read_text("utf-8"))
    assert (quick / "new/b.png").read_bytes().startswith(b"\x89PNG")
    data = json.loads((quick / "new/b.json").read_text("utf-8"))
    assert data["machine"]["packages"]["torch"] == torch.__version__
    assert data["setting"]["shape"] == [4, 8]
    assert [len(c["seconds"]["both"]) for c in data["costs"]] == [6, 6]
    rows = list(csv.DictReader((quick / "new/b.csv").read_text("utf-8").splitlines()))
    assert [row["activation"] for row in rows] == ["relu", "gelu"]
    assert float(rows[1]["both_low"]) <= float(rows[1]["both_ratio"]) <= float(rows[1]["both_high"])
    assert (rows[1]["kept_bytes"], rows[1]["input_bytes"], rows[1]["peak_bytes"]) == ("128", "128", "512")
    assert rows[1]["processor"] == data["machine"]["processor"]
