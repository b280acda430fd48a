"""`reluctant bench`: the cost of activations in time and memory, alone or in a network."""

import os
from collections.abc import Sequence
from pathlib import Path

import click

from reluctant.bench.progress import ProgressLine
from reluctant.cli.completion import complete_activation
from reluctant.core.errors import StudyError

DEFAULT_NAMES = ("relu", "leaky_relu(negative_slope=0.002)", "elu", "gelu", "silu", "mish", "tanh", "hardswish")


@click.command()
@click.argument("activations", nargs=-1, shell_complete=complete_activation)
@click.option("--shape", default="", metavar="SIZES",
              help="Shape of the input, with the batch size first. [default: 32x64x28x28, on a GPU 128x256x56x56; of a "
                   "network's batch one that suits it, such as 32x3x32x32]")  # fmt: skip
@click.option("--model", default="", metavar="NAME",
              help="Measure a training step (forward, loss, backward) of this network instead: resnet(depth=20), "
                   "gpt, my_module:MyNet.")  # fmt: skip
@click.option("--dtype", default="float32", show_default=True, help="float32, float64, float16, bfloat16.")
@click.option("--device", default="cpu", show_default=True, help="cpu, cuda, cuda:1, mps, auto.")
@click.option("--compile", "compiled", is_flag=True, help="Measure torch.compile of each activation or network too.")
@click.option("--threads", type=click.IntRange(min=1), default=1, show_default=True, help="CPU threads.")
@click.option("--rounds", type=click.IntRange(1, 1000), default=15, show_default=True,
              help="Each round times all activations, in a new process unless on a GPU or in a network. Under six "
                   "there is no interval.")  # fmt: skip
@click.option("-o", "--output", type=click.Path(path_type=Path), metavar="FILE",
              help="Also write a figure (.svg, .png) or the numbers (.csv, .json).")  # fmt: skip
def bench(
    activations: Sequence[str], shape: str, model: str, dtype: str, device: str, compiled: bool, threads: int,
    rounds: int, output: Path | None,
) -> None:  # fmt: skip
    """Measure the cost of ACTIVATIONS in time and memory, as ratios to ReLU.

    Without names: relu, leaky_relu, elu, gelu, silu, mish, tanh and hardswish.
    """
    line = ProgressLine(rounds)
    try:
        line.phase("starting PyTorch")
        from rich.console import Console

        from reluctant.bench.config import parse_config
        from reluctant.bench.files import FORMS, write_bench
        from reluctant.bench.measure import measure
        from reluctant.bench.table import print_bench

        if output:
            if output.suffix.lower() not in FORMS:
                raise StudyError(f"{output.name}: the name decides the form; write one ending in {', '.join(FORMS)}")
            output.parent.mkdir(parents=True, exist_ok=True)  # it may fail, so before the minutes of measuring
        config = parse_config(shape, dtype, device, compile=compiled, threads=threads, rounds=rounds, model=model)
        warning = busy_warning()
        result = measure(activations or DEFAULT_NAMES, config, on_round=line.round, on_phase=line.phase)
    finally:
        line.close()
    print_bench(Console(highlight=False), result)
    if warning:
        click.echo(warning)
    if output:
        write_bench(result, output)
        click.echo(f"written: {output}")


def busy_warning() -> str:
    """A warning if other programs use the CPU; empty if they do not, or if the system does not report it."""
    from reluctant.core.environment import cores

    try:
        load = os.getloadavg()[0]
    except (AttributeError, OSError):  # not on Windows
        return ""
    if load < cores() / 2:
        return ""
    return f"Other programs use this machine (load {load:.1f} on {cores()} cores), so times vary more."
