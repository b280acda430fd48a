"""What an activation costs: intervals that hold, ratios that compare, bytes that add up, figures of it."""

import csv
import json
import random
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
import torch
from matplotlib.figure import Figure
from scipy.stats import binom
from torch import Tensor, nn

from reluctant import figures
from reluctant.bench import bench as measurement
from reluctant.bench.bench import Bench, Cost, measure
from reluctant.bench.compiled import repeatable, variants
from reluctant.bench.figure import cost
from reluctant.bench.median import median_interval
from reluctant.bench.memory import kept, on_cuda, peak
from reluctant.bench.process import apart
from reluctant.bench.round import Round, timed_round
from reluctant.bench.setting import Setting, setting
from reluctant.bench.timing import LEAST, Clock, enough, stopwatch, timed
from reluctant.bench.trial import KINDS, Step, Trial, inputs, tried
from reluctant.catalogue import ACTIVATIONS
from reluctant.cli.main import CANNOT, DONE, execute
from reluctant.core.errors import StudyError
from reluctant.figures import sheet, style
from reluctant.figures.letters import any_script
from reluctant.figures.quality import efficient, points_of, quality
from reluctant.figures.saving import png, svg
from reluctant.records.store import Store
from reluctant.records.study_results import Results
from reluctant.study import Study
from tests import records
from tests.test_figures import FOUR, HOSTILE, MANY, outside, texts

SMALL = Setting(shape=(4, 8, 6, 6), rounds=6)
SIZE = 4 * 8 * 6 * 6 * 4  # bytes of that input in float32


class Watching(nn.Module):
    """An activation of one's own that wants to train, and draws from the global random numbers."""

    def __init__(self) -> None:
        super().__init__()
        self.slope = nn.Parameter(torch.tensor(0.5))

    def forward(self, x: Tensor) -> Tensor:
        assert self.training
        return self.slope * x * torch.rand(()) + torch.rand(())


def stepped(x: Tensor) -> Tensor:
    return (x > 0).to(x.dtype)


def once(step: Step, number: int) -> float:
    """A clock that is not in the way of a test: every timing takes as long."""
    step()
    return 2 * LEAST * number


def trial(name: str, given: Setting = SMALL) -> Trial:
    return tried(name, given, *inputs(given))


class TestInterval:
    @pytest.mark.parametrize(("n", "k"), [(6, 1), (8, 1), (9, 2), (12, 3), (21, 6), (100, 40)])
    def test_its_ends_are_the_values_that_the_binomial_law_says(self, n: int, k: int) -> None:
        values = random.Random(n).sample(range(1, n + 1), n)
        found = median_interval(values)
        assert (found.low, found.high) == (k, n + 1 - k)
        assert found.confidence == pytest.approx(1 - 2 * binom.cdf(k - 1, n, 0.5))
        assert found.confidence is not None
        assert 1 - 2 * binom.cdf(k, n, 0.5) < 0.95 <= found.confidence

    @pytest.mark.parametrize("n", [6, 21, 40])
    def test_it_covers_as_often_as_it_says_whatever_the_distribution(self, n: int) -> None:
        drawn = np.random.default_rng(n).exponential(size=(4000, n)) ** 3
        found = [median_interval(row.tolist()) for row in drawn]
        held = np.mean([f.low <= np.log(2) ** 3 <= f.high for f in found if f.low and f.high])
        assert found[0].confidence is not None
        assert held == pytest.approx(found[0].confidence, abs=4 * np.sqrt(0.05 * 0.95 / 4000))

    @pytest.mark.parametrize("n", [1, 2, 5])
    def test_under_six_values_there_is_none(self, n: int) -> None:
        found = median_interval([3.0] * n)
        assert (found.value, found.low, found.high, found.confidence, found.reach) == (
            3,
            None,
            None,
            None,
            None,
        )

    def test_what_stands_behind_the_sign_reaches_the_further_end(self) -> None:
        assert median_interval([1, 2, 3, 4, 5, 9]).reach == 5.5

    def test_a_thousand_values_do_not_overflow(self) -> None:
        assert median_interval(range(2000)).low == pytest.approx(956, abs=2)


class TestTiming:
    @pytest.mark.parametrize("seconds", [1e-7, 3e-5, 0.004, 0.5])
    def test_a_timing_is_long_enough_and_not_much_longer(self, seconds: float) -> None:
        number = enough(lambda: None, lambda _, number: number * seconds)
        assert number * seconds >= LEAST
        assert number == 1 or number * seconds <= 10 * LEAST

    def test_every_round_times_all_once_in_a_new_order(self) -> None:
        said: list[str] = []

        def clock(step: Step, number: int) -> float:
            said.append(str(step()))
            return number * 1.0

        kinds: Mapping[str, Callable[[str], Step]] = {
            "a": lambda s: lambda: s,
            "b": lambda s: lambda: s + "!",
        }
        times = timed({"x": "x", "y": "y", "z": "z"}, kinds, clock, 8)
        rounds = [said[6 + 3 * i : 9 + 3 * i] for i in range(16)]
        assert all(sorted(s.strip("!") for s in r) == ["x", "y", "z"] for r in rounds)
        assert all(len({s.endswith("!") for s in r}) == 1 for r in rounds)
        assert len({tuple(r) for r in rounds[::2]}) > 2
        assert times == {kind: dict.fromkeys("xyz", [1.0] * 8) for kind in "ab"}

    def test_a_process_that_is_slower_changes_no_ratio(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def slow(names: Sequence[str], setting: Setting, number: int) -> Round:
            seconds = {"relu": 0.001, "gelu": 0.003}
            return {kind: {(n, False): seconds[n] * (1 + number**2) for n in names} for kind in KINDS}

        monkeypatch.setattr(measurement, "apart", slow)
        relu, gelu = measure(["gelu"], Setting(SMALL.shape, rounds=9)).costs
        assert max(relu.seconds["both"]) == pytest.approx(65 * min(relu.seconds["both"]))
        found = gelu.ratio["both"]
        assert (found.value, found.low, found.high) == pytest.approx((3, 3, 3))

    def test_a_round_is_the_median_of_its_timings(self) -> None:
        times = iter([LEAST] * 3 + [float(i) for i in range(15)])  # three are spent on how often to call
        found = timed_round(["relu"], SMALL, 0, lambda step, number: next(times))
        assert found == {"forward": {("relu", False): 6.0}, "backward": {("relu", False): 7.0},
                         "both": {("relu", False): 8.0}}  # fmt: skip

    def test_the_real_clock_counts_every_call(self) -> None:
        calls: list[int] = []
        assert stopwatch(1)(lambda: calls.append(1), 50) > 0
        assert len(calls) >= 50

    def test_processor_time_does_not_pass_in_sleep(self) -> None:
        asleep = stopwatch(1, own=True)(lambda: time.sleep(0.05), 2)
        assert asleep < 0.05 < stopwatch(1)(lambda: time.sleep(0.05), 2)

    def test_one_thread_is_measured_in_processor_time(self) -> None:
        assert Setting().clock == "processor time" or sys.platform == "win32"
        assert Setting(threads=2).clock == "wall time"


class TestMemory:
    @pytest.mark.parametrize(
        ("name", "inputs_kept"),
        [("relu", 1), ("gelu", 1), ("identity", 0), ("prelu", 1), ("tanh", 1),
         ("rrelu", 1.25), ("tests.own_activations:bent", 0.25), ("tests.own_activations:Gate", 2)],
    )  # fmt: skip
    def test_what_is_kept_is_exact(self, name: str, inputs_kept: float) -> None:
        assert SMALL.bytes == SIZE
        assert kept(trial(name)) == pytest.approx(inputs_kept * SIZE, abs=4 if ":" in name else 0)

    @pytest.mark.parametrize(("dtype", "share"), [("float64", 2), ("bfloat16", 0.5)])
    def test_number_formats_count(self, dtype: str, share: float) -> None:
        assert kept(trial("gelu", Setting(SMALL.shape, dtype))) == share * SIZE

    @pytest.mark.parametrize(
        ("name", "inputs_alive"), [("relu", 4), ("gelu", 4), ("identity", 2), ("elu", 4)]
    )
    def test_the_peak_is_exact(self, name: str, inputs_alive: int) -> None:
        assert peak(trial(name)) == inputs_alive * SIZE

    @pytest.mark.parametrize("name", ["prelu", "rrelu", "mish", "softsign", "tests.own_activations:Gate"])
    def test_the_peak_holds_what_is_kept(self, name: str) -> None:
        each = trial(name)
        found = peak(each)
        assert found is not None
        assert found >= kept(each) + 2 * SIZE  # and the gradients that come in and go out

    @pytest.mark.parametrize("name", [row.name for row in ACTIVATIONS])
    def test_the_whole_catalogue_can_be_measured(self, name: str) -> None:
        each = trial(name)
        assert kept(each) <= (peak(each) or 0)

    def test_on_a_card_the_rise_above_what_was_there_counts(self, monkeypatch: pytest.MonkeyPatch) -> None:
        said: list[str] = []
        monkeypatch.setattr("torch.cuda.synchronize", lambda _: None)
        monkeypatch.setattr("torch.cuda.reset_peak_memory_stats", lambda _: said.append("reset"))
        monkeypatch.setattr("torch.cuda.memory_allocated", lambda _: 1000)
        monkeypatch.setattr("torch.cuda.max_memory_allocated", lambda _: 1000 + 4000 * said.count("step"))
        assert on_cuda(lambda: said.append("step"), torch.device("cuda")) == 4000
        assert said == ["reset", "step"]

    def test_the_profiler_is_silent(self, capfd: pytest.CaptureFixture[str]) -> None:
        peak(trial("relu"))
        assert capfd.readouterr() == ("", "")


class TestMeasure:
    def test_nothing_is_left_behind(self) -> None:
        torch.manual_seed(7)
        before = torch.get_rng_state(), random.getstate(), str(np.random.get_state())
        threads = torch.get_num_threads()
        measure(["rrelu", "prelu", "tests.test_cost:Watching"], SMALL, clock=once)
        assert torch.equal(before[0], torch.get_rng_state())
        assert before[1] == random.getstate()
        assert before[2] == str(np.random.get_state())
        assert torch.get_num_threads() == threads

    @pytest.mark.parametrize("name", ["prelu", "tests.own_activations:Gate(beta=2)"])
    @pytest.mark.parametrize("kind", ["backward", "both"])
    def test_no_gradient_adds_up(self, name: str, kind: str) -> None:
        each = trial(name)
        step: Any = KINDS[kind](each)
        first, again = step(), step()
        assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
        assert len(first) == 2  # of the input, and of what is learned
        assert all(t.grad is None for t in (each.x, *each.module.parameters()))

    def test_the_input_is_the_same_every_time(self) -> None:
        (x, gradient), (again, _) = inputs(SMALL), inputs(SMALL)
        assert torch.equal(x, again)
        assert not torch.equal(x, gradient)
        assert abs(float(x.detach().std()) - 1) < 0.1

    def test_relu_is_always_there_and_nobody_twice(self) -> None:
        found = measure(["rectifier", "SiLU", "silu", "gelu"], SMALL, clock=once)
        assert [c.activation for c in found.costs] == ["relu", "silu", "gelu"]
        assert {r.value for c in found.costs for r in c.ratio.values()} == {1.0}
        assert found.costs[1].microseconds("both") == pytest.approx(2e6 * LEAST)
        assert found.machine["packages"]["torch"]

    def test_gradients_are_on_even_where_they_are_off(self) -> None:
        with torch.no_grad():
            assert measure(["gelu"], SMALL, clock=once).costs[1].kept == SIZE

    def test_every_round_is_a_process_unless_a_clock_is_given(self, tmp_path: Path) -> None:
        (tmp_path / "loud.py").write_text(
            "import os, torch\n"
            f"with open({str(tmp_path / 'seen')!r}, 'a') as seen:\n    seen.write(f'{{os.getpid()}}\\n')\n"
            "print('imported')\n"
            "def act(x):\n    return torch.relu(x) * 2\n"
        )
        done: list[int] = []
        with pytest.MonkeyPatch.context() as patched:
            patched.syspath_prepend(str(tmp_path))
            found = measure(["loud:act"], Setting(SMALL.shape, rounds=2), tell=done.append)
        assert done == [1, 2]
        assert all(s > 0 for c in found.costs for times in c.seconds.values() for s in times)
        assert len(set((tmp_path / "seen").read_text().split())) == 3  # this one, and two that measured

    def test_a_process_that_dies_is_named(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("sys.path", [])
        with pytest.raises(StudyError, match=r"a process that measures ended with status 1: .*Error"):
            apart(["relu"], SMALL, 0)


def compiler(monkeypatch: pytest.MonkeyPatch, backend: Callable[..., Any]) -> None:
    real = torch.compile
    monkeypatch.setattr(torch, "compile", lambda function: real(function, backend=backend))


class TestCompiled:
    def test_every_one_is_compiled_however_many_there_are(self, monkeypatch: pytest.MonkeyPatch) -> None:
        graphs: list[object] = []

        def backend(graph: Any, _: object) -> Any:
            graphs.append(graph)
            return graph.forward

        compiler(monkeypatch, backend)
        names = [f"leaky_relu(negative_slope={i / 16})" for i in range(1, 11)]
        with repeatable():
            found = dict(variants({name: trial(name) for name in names}))
        assert all(isinstance(each, Trial) for each in found.values())
        assert len(graphs) == 10

    def test_they_stand_below_the_plain(self, monkeypatch: pytest.MonkeyPatch) -> None:
        compiler(monkeypatch, lambda graph, _: graph.forward)
        found = measure(["gelu"], Setting(SMALL.shape, compile=True, rounds=2), clock=once)
        assert [(c.activation, c.compiled) for c in found.costs] == [
            ("relu", False), ("relu", True), ("gelu", False), ("gelu", True)]  # fmt: skip
        assert found.notes == ()

    def test_without_a_compiler_there_is_one_sentence(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def none(graph: object, _: object) -> Any:
            raise RuntimeError("No working C++ compiler found\nand a long story")

        compiler(monkeypatch, none)
        found = measure(["gelu"], Setting(SMALL.shape, compile=True, rounds=2), clock=once)
        assert [c.compiled for c in found.costs] == [False, False]
        (note,) = found.notes
        assert note.startswith("nothing is compiled: torch.compile does not work here")
        assert "No working C++ compiler found" in note
        assert "\n" not in note

    def test_one_that_cannot_be_compiled_does_not_hold_up_the_others(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def picky(graph: Any, _: object) -> Any:
            if "gelu" in str(graph.graph):
                raise RuntimeError("not this one")
            return graph.forward

        compiler(monkeypatch, picky)
        found = measure(["gelu", "tanh"], Setting(SMALL.shape, compile=True, rounds=2), clock=once)
        assert [c.activation for c in found.costs if c.compiled] == ["relu", "tanh"]
        assert len(found.notes) == 1
        assert found.notes[0].startswith("gelu cannot be compiled")


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """`reluctant bench` in a moment; the folder it works in."""
    monkeypatch.setattr("reluctant.bench.timing.LEAST", 1e-6)
    monkeypatch.setattr(measurement, "apart", timed_round)  # no process of its own
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr("os.getloadavg", lambda: (0.1, 0.1, 0.1))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def answer(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    status = execute(["bench", *words])
    out, err = capsys.readouterr()
    return status, out, err


HEAD = ["activation", "forward", "×", "backward", "×", "both", "×", "both", "µs", "kept", "×", "peak"]


class TestCommand:
    def test_the_table_fits_80_columns(self, quick: Path, capsys: pytest.CaptureFixture[str]) -> None:
        own = "tests.own_activations:Gate(beta=2)"
        status, out, err = answer(capsys, *FOUR, own, "--shape", "8x32", "--rounds", "7")
        assert (status, err) == (DONE, "")
        lines = out.splitlines()
        assert max(map(len, lines)) <= 80
        assert lines[0].split() == HEAD
        assert [line.split()[0] for line in lines[1:7]] == [
            "relu", "leaky_relu", "(negative_slope=0.002)", "elu", "gelu", "tests.own_activations"
        ] or "tests.own" in lines[6]  # fmt: skip
        assert "±" in lines[4]
        assert "\x1b" not in out
        said = " ".join(out.split())
        assert "median of 7 ratios to ReLU in the same round" in said
        assert "98.4 % interval" in said
        for word in ("1 thread", "float32", "8x32", "7 rounds", "torch 2."):
            assert word in said

    def test_without_names_eight_are_measured(self, quick: Path, capsys: pytest.CaptureFixture[str]) -> None:
        _, out, _ = answer(capsys, "--shape", "16", "--rounds", "1")
        for name in ("relu", "leaky_relu", "elu", "gelu", "silu", "mish", "tanh", "hardswish"):
            assert f"\n{name} " in out
        assert "±" not in out

    def test_a_busy_machine_is_told_of(
        self, quick: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        _, calm, _ = answer(capsys, "relu", "--shape", "16", "--rounds", "1")
        monkeypatch.setattr("os.getloadavg", lambda: (4.9, 0.1, 0.1))
        monkeypatch.setattr("reluctant.core.environment.cores", lambda: 2)
        _, busy, _ = answer(capsys, "relu", "--shape", "16", "--rounds", "1")
        assert "Other programs are at work here (load 4.9 on 2 cores)" in busy
        assert "Other programs" not in calm

    @pytest.mark.parametrize(
        ("words", "message"),
        [
            (["relo"], "no activation is called 'relo'; did you mean 'relu'"),
            (["elu(alpha=x)"], "is not a literal"),
            (["no_such_module:F"], "no module 'no_such_module'"),
            (["--shape", "32x"], "shape '32x' cannot be read; write whole sizes with x between them"),
            (["--shape", "0x3"], "cannot be read"),
            (["--shape", "9" * 9 + "x" + "9" * 9], "more than this machine has; give a smaller --shape"),
            (
                ["--dtype", "float31"],
                "no dtype for a measurement is called 'float31'; did you mean 'float32'",
            ),
            (["--dtype", "int8"], "known: float32"),
            (["--device", "cuda:99"], "device 'cuda:99' cannot be used here"),
            (["--device", "toaster"], "Leave --device out, or write cpu"),
            (["--device", "meta"], "it computes nothing"),
            (["-o", "f.pdf"], "write one ending in .svg, .png, .csv, .json"),
            (
                ["tests.own_activations:raising"],
                "it fails on shape 4x8 in float32 (ValueError: no such luck)",
            ),
            (["tests.own_activations:narrowing"], "it turns shape 4x8 into 4x1; an activation keeps it"),
            (["tests.own_activations:doubling"], "an activation keeps the dtype"),
            (["tests.own_activations:listing"], "it returns list; a tensor is wanted"),
            (["tests.own_activations:aliasing"], "in-place operation"),
            (["tests.own_activations:number"], "neither a class, a function nor a factory"),
            (["tests.test_cost:stepped"], "no gradient flows through it"),
        ],
    )
    def test_a_mistake_gets_one_message(
        self, quick: Path, capsys: pytest.CaptureFixture[str], words: list[str], message: str
    ) -> None:
        status, out, err = answer(capsys, "--shape", "4x8", "--rounds", "1", *words)
        assert (status, out) == (CANNOT, "")
        assert message in err
        assert "Traceback" not in err
        assert err.count("\n") == 1

    def test_files_are_written(self, quick: Path, capsys: pytest.CaptureFixture[str]) -> None:
        for ending in ("svg", "png", "csv", "json"):
            status, out, _ = answer(
                capsys, "gelu", "--shape", "4x8", "--rounds", "6", "-o", f"new/b.{ending}"
            )
            assert status == DONE
            assert f"written: new/b.{ending}" in out
        ElementTree.fromstring((quick / "new/b.svg").read_text("utf-8"))
        assert (quick / "new/b.png").read_bytes().startswith(b"\x89PNG")
        whole = json.loads((quick / "new/b.json").read_text("utf-8"))
        assert whole["machine"]["packages"]["torch"] == torch.__version__
        assert whole["setting"]["shape"] == [4, 8]
        assert [len(c["seconds"]["both"]) for c in whole["costs"]] == [6, 6]
        rows = list(csv.DictReader((quick / "new/b.csv").read_text("utf-8").splitlines()))
        assert [row["activation"] for row in rows] == ["relu", "gelu"]
        assert float(rows[1]["both_low"]) <= float(rows[1]["both_ratio"]) <= float(rows[1]["both_high"])
        assert (rows[1]["kept_bytes"], rows[1]["input_bytes"], rows[1]["peak_bytes"]) == ("128", "128", "512")
        assert rows[1]["processor"] == whole["machine"]["processor"]


def made(names: tuple[str, ...], *, compiled: bool = False, rounds: int = 15) -> Bench:
    """A measurement that nobody made: the i-th takes 1.1ⁱ times ReLU's time."""
    given, costs = Setting(rounds=rounds), []
    for i, name in enumerate(names):
        for fast in (False, True)[: 1 + compiled]:
            unit = 1.1**i * (0.5 if fast else 1)
            values = [unit * (1 + 0.01 * (r % 3 - 1) * bool(i)) for r in range(rounds)]
            ratio = {kind: median_interval(values) for kind in KINDS}
            costs.append(Cost(name, fast, dict.fromkeys(KINDS, values), ratio, i * given.bytes, None))
    machine = {"processor": "a processor", "torch": {"device": "cpu"}}
    return Bench(given, tuple(costs), (), machine)


def dots(figure: Figure, markers: str = "oD") -> int:
    return sum(str(line.get_marker()) in markers for axes in figure.axes for line in axes.lines)


class TestCostFigure:
    @pytest.mark.parametrize("width", [style.WIDE, style.NARROW])
    @pytest.mark.parametrize("names", [FOUR, MANY, ("relu", "identity", *HOSTILE), ("relu",)])
    def test_it_is_whole(self, names: tuple[str, ...], width: float) -> None:
        figure = cost(made(names), width=width)
        assert png(figure).startswith(b"\x89PNG")
        with any_script():
            assert outside(figure) == []
        assert dots(figure) == len(names)
        assert dots(figure, "<>") == 2 * len(names)
        element = ElementTree.fromstring(figures.inline_svg(figure))
        assert "keeps 0×" in element.attrib["aria-label"]

    def test_it_says_what_was_measured(self) -> None:
        figure = cost(made(FOUR, compiled=True))
        said = sheet.head_of(figure).said
        for words in ("a processor", "1 thread, ", "float32, 32x64x28x28", "median of 15 rounds"):
            assert words in said
        assert "its 95 % interval" in said
        assert "hollow: compiled" in said
        found = texts(figure)
        assert "LeakyReLU 0.002, compiled" in found
        assert "1.10 ± 0.01 · keeps 1×" in found
        assert "1.00 · keeps 0×" in found
        assert dots(figure) == 8

    def test_many_are_sorted_and_few_are_not(self) -> None:
        few, many = made(("relu", *FOUR[:0:-1])), made(MANY[::-1])
        assert [t for t in texts(cost(few)) if t in ("ELU", "GELU")] == ["GELU", "ELU"]
        first = sorted(many.costs, key=lambda c: -c.ratio["both"].value)
        shuffled = Bench(many.setting, tuple(first), (), many.machine)
        names = [t for t in texts(cost(shuffled)) if t.startswith("LeakyReLU")]
        assert names == [t for t in texts(cost(many)) if t.startswith("LeakyReLU")]

    def test_too_few_rounds_have_no_interval(self) -> None:
        figure = cost(made(FOUR, rounds=5))
        assert "too few rounds for an interval" in sheet.head_of(figure).said
        assert "1.10 · keeps 1×" in texts(figure)

    def test_again_it_is_the_same(self) -> None:
        assert svg(cost(made(MANY))) == svg(cost(made(MANY)))


def study(path: Path, arms: Mapping[str, tuple[float, float]], **more: Any) -> Results:
    """Results of made-up runs: per activation its seconds per epoch and its accuracy."""
    planned = Study(activation=tuple(arms), **{"epochs": 3, **more})
    records.folder(path, planned, skip=planned.size)
    for run in planned.runs():
        seconds, accuracy = arms[run.activation]
        record = records.record(run, accuracy=accuracy)
        for epoch in record["epochs"]:
            epoch["seconds"]["train"] = seconds * (9 if epoch["epoch"] == 1 else 1 + 0.01 * int(run.seed))
        Store(path / "runs").add(run.key, record)
    return Results.read(path)


ARMS = dict(zip(FOUR, [(3.0, 0.6), (2.0, 0.8), (4.0, 0.95), (5.0, 0.7)], strict=True))
CROWD = {name: (2 + 0.1 * (i % 7), 0.5 + 0.01 * i) for i, name in enumerate(MANY)}


@pytest.fixture(scope="module", params=["four", "forty", "hostile", "one"])
def found(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Results:
    """A study of three seeds."""
    arms = {
        "four": ARMS,
        "forty": CROWD,
        "hostile": dict.fromkeys(HOSTILE, (3.0, 0.9)),
        "one": {"relu": (1.0, 0.9)},
    }
    return study(tmp_path_factory.mktemp("arms"), arms[request.param], seed=(0, 1, 2), epochs=1)


class TestQuality:
    @pytest.mark.parametrize(
        ("times", "scores", "front"),
        [
            ([1, 2, 3], [0.1, 0.2, 0.3], [True, True, True]),
            ([1, 2, 3], [0.3, 0.2, 0.1], [True, False, False]),
            ([1, 1, 2, 2], [0.1, 0.2, 0.2, 0.3], [False, True, False, True]),
            ([1, 1], [0.1, 0.1], [True, True]),
            ([5], [0.0], [True]),
            ([], [], []),
        ],
    )
    def test_the_front_by_hand(self, times: list[float], scores: list[float], front: list[bool]) -> None:
        assert efficient(times, scores) == front
        assert efficient(times, [-s for s in scores], higher=False) == front

    def test_time_and_score_are_means_over_seeds(self, tmp_path: Path) -> None:
        results = study(tmp_path, ARMS)
        relu, leaky, elu, gelu = points_of(results, "accuracy")
        assert relu.time.mean == pytest.approx(
            3.0 * 1.02
        )  # medians of an epoch: the slow first one is no matter
        assert relu.score == results.interval("accuracy", "relu")
        assert [p.front for p in (relu, leaky, elu, gelu)] == [False, True, True, False]

    def test_the_front_is_drawn(self, tmp_path: Path) -> None:
        figure = quality(study(tmp_path, ARMS), "accuracy")
        (axes,) = figure.axes
        (line,) = [line for line in axes.lines if line.get_gid() == "front"]
        drawn = np.asarray(line.get_xydata(), float)
        right, bottom = axes.get_xlim()[1], axes.get_ylim()[0]
        _, leaky, elu, _ = points_of(Results.read(tmp_path), "accuracy")
        (x, y), (later, higher) = ((p.time.mean, p.score.mean) for p in (leaky, elu))
        corners = [(x, bottom), (x, bottom), (x, y), (later, y), (later, higher), (right, higher)]
        assert drawn == pytest.approx(np.array(corners))

    @pytest.mark.parametrize("width", [style.WIDE, style.NARROW])
    @pytest.mark.parametrize("metric", ["f1", "loss"])
    def test_it_is_whole(self, found: Results, metric: str, width: float) -> None:
        figure = quality(found, metric, width=width)
        assert png(figure).startswith(b"\x89PNG")
        with any_script():
            assert outside(figure) == []
        assert dots(figure, "o") == len(found.activations)
        assert svg(figure) == svg(quality(Results.read(found.folder or ""), metric, width=width))
        head = sheet.head_of(figure)
        assert "mean of 3 seeds" in head.said
        assert "under five seeds" in head.said
        assert "not MNIST" in head.said
        assert "against training time" in head.title

    def test_every_name_can_be_read(self, tmp_path: Path) -> None:
        few = texts(quality(study(tmp_path / "few", ARMS)))
        assert {"ReLU", "LeakyReLU 0.002", "ELU", "GELU"} <= set(few)
        many = texts(quality(study(tmp_path / "many", CROWD, seed=0, epochs=1)))
        assert {f"LeakyReLU {i / 100:g}" for i in range(2, 42)} <= set(many)
        assert {str(rank) for rank in range(1, 41)} <= set(many)

    def test_one_seed_has_no_interval(self, tmp_path: Path) -> None:
        figure = quality(study(tmp_path, ARMS, seed=0))
        assert "one seed: no interval" in sheet.head_of(figure).said
        assert sum(np.size(line.get_xdata()) > 1 for line in figure.axes[0].lines) == 1  # the front alone

    def test_what_diverged_is_left_out_and_said(self, tmp_path: Path) -> None:
        planned = Study(activation=FOUR, epochs=3)
        records.folder(tmp_path, planned)
        for run in planned.runs():
            if run.activation == "elu" or (run.activation, run.seed) == ("gelu", 0):
                Store(tmp_path / "runs").add(run.key, records.record(run, diverged=2))
        figure = quality(Results.read(tmp_path))
        said = sheet.head_of(figure).said
        assert "6 of 20 runs diverged and are left out" in said
        assert "1 activation without a finished run" in said
        assert "mean of 4 to 5 seeds" in said
        assert dots(figure, "o") == 3

    def test_nothing_finished_is_said(self, tmp_path: Path) -> None:
        (tmp_path / "study.toml").write_text(Study(activation=FOUR).to_toml(), "utf-8")
        assert "There is no finished run yet." in texts(quality(Results.read(tmp_path)))

    def test_more_settings_than_one_are_refused(self, tmp_path: Path) -> None:
        results = study(tmp_path, ARMS, lr=(0.1, 0.01), seed=0)
        with pytest.raises(StudyError, match="varies lr; draw one setting at a time"):
            quality(results)
        assert quality(results.at(results.settings[0])).axes


def test_a_setting_is_checked_from_python_too() -> None:
    assert setting("8x16", rounds=3) == Setting((8, 16), rounds=3)
    assert setting(device="auto").device
    clock: Clock = once
    assert measure([], setting("8x16", rounds=1), clock=clock).costs[0].ratio["both"].n == 1
