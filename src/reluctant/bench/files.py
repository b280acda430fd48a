"""The files of a benchmark: a figure, or its numbers as CSV or JSON."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from reluctant.bench.results import Bench
from reluctant.core.atomic_files import write_atomically


def write_bench(bench: Bench, path: Path) -> None:
    """Write the file in the form that its name ends in, one of `FORMS`."""
    FORMS[path.suffix.lower()](bench, path)


def _write_figure(bench: Bench, path: Path) -> None:
    from reluctant.bench.figure import draw_costs
    from reluctant.figures.inline import png, svg

    figure = draw_costs(bench)
    write_atomically(path, svg(figure) if path.suffix.lower() == ".svg" else png(figure))


def _write_json(bench: Bench, path: Path) -> None:
    write_atomically(path, json.dumps(bench.to_dict(), indent=1, ensure_ascii=False) + "\n")


def _write_csv(bench: Bench, path: Path) -> None:
    config, machine, rows = bench.config, bench.machine, []
    for cost in bench.costs:
        row: dict[str, Any] = {"activation": cost.activation, "compiled": cost.compiled}
        for name, ratio in cost.ratio.items():
            row |= {f"{name}_ratio": ratio.value, f"{name}_low": ratio.low, f"{name}_high": ratio.high,
                    f"{name}_microseconds": cost.microseconds(name)}  # fmt: skip
            if not config.model:
                row[f"{name}_gigabytes_per_second"] = cost.bandwidth(name, config.input_bytes) / 1e9
        rows.append(row | {
            "rounds": config.rounds, "confidence": cost.ratio["both"].confidence, "kept_bytes": cost.saved_bytes,
            "peak_bytes": cost.peak_bytes, "input_bytes": config.input_bytes, "shape": config.shape_text,
            "dtype": config.dtype, "threads": config.threads, "clock": config.clock,
            "device": machine["torch"]["device"], "processor": machine["processor"],
            "torch": machine["packages"]["torch"], "python": machine["python"], "model": config.model,
        })  # fmt: skip
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_atomically(path, out.getvalue())


FORMS: dict[str, Callable[[Bench, Path], None]] = {
    ".svg": _write_figure, ".png": _write_figure, ".csv": _write_csv, ".json": _write_json,
}  # fmt: skip
