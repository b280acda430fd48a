"""How large the networks of the arms are: parameters, multiply-adds, inner widths, where they differ."""

from dataclasses import dataclass

from reluctant.analysis.setting_data import SettingData
from reluctant.records.run_result import RunResult


@dataclass(frozen=True)
class NetworkSize:
    """The size of an arm's network: numbers that it learns, multiply-adds for one input, widths at its activations."""

    arm: str
    label: str
    parameters: int
    multiply_adds: int | None
    widths: tuple[int, ...]

    def against(self, other: "NetworkSize") -> str:
        """Its parameters less those of another one: `+32.6 %`, `−0.2 %`, `+8`."""
        more = self.parameters - other.parameters
        percent = 100 * more / other.parameters
        text = f"{percent:+.1f} %" if abs(percent) >= 0.05 else f"{more:+,}" if more else "the same"
        return text.replace("-", "−")


def network_sizes(data: SettingData) -> tuple[NetworkSize, ...]:
    """The sizes of all arms with a record of ours; empty where they are all the same, or not known."""
    sizes: list[NetworkSize] = []
    for arm in data.arms:
        run = next((run for run in data.scores.of(arm) if isinstance(run, RunResult)), None)
        if run is not None and (parameters := run.record.parameters):
            sizes.append(NetworkSize(arm, data.labels[arm], parameters, run.record.multiply_adds, _widths(run)))
    return tuple(sizes) if len({(size.parameters, size.multiply_adds) for size in sizes}) > 1 else ()


def _widths(run: RunResult) -> tuple[int, ...]:
    """The different widths of the outputs of activations in a network of tokens, in the order of use."""
    if run.task != "tokens" or run.probes is None:
        return ()
    sites = set(run.probes.sites)
    return tuple(dict.fromkeys(layer.shape[-1] for layer in run.record.layers if layer.name in sites and layer.shape))


def size_sentence(data: SettingData) -> str:
    """Which networks are larger or smaller than that of the baseline, in parameters; empty where none is."""
    sizes = {size.arm: size for size in network_sizes(data)}
    base = sizes.get(data.question.baseline)
    if base is None:
        return ""
    others = [
        f"{size.label} {size.parameters:,} ({size.against(base)})"
        for size in sizes.values()
        if size is not base and size.parameters != base.parameters
    ]
    if not others:
        return ""
    return f"Parameters are not the same: {base.label} {base.parameters:,}, {', '.join(others)}."
