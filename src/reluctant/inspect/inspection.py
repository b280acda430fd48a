"""One probe of one network: values, units and gradients at every activation site and layer."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from torch import nn

from reluctant.core.errors import StudyError
from reluctant.inspect.target import load_target
from reluctant.models import activation_modules
from reluctant.models.swap.forward import error_summary
from reluctant.records.probe_table import compact
from reluctant.records.schema import LayerProbe, ProbeSnapshot, SiteProbe
from reluctant.training.machine import limit_threads
from reluctant.training.probes import Probes


@dataclass(frozen=True)
class Inspection:
    """What one probe with a number of `inputs` measured.

    `description` names the network and the inputs. `sites` has one record per activation site in the order of
    use, `layers` one per layer; `weight_layers` are the layers with weights: no normalisation, no activation.
    """

    description: str
    inputs: int
    sites: Mapping[str, SiteProbe]
    layers: Mapping[str, LayerProbe]
    weight_layers: tuple[str, ...]


def inspect_network(source: str, data: str | None = None, folder: str | None = None) -> Inspection:
    """Probe a network once, with gradients of frozen parameters too.

    Args:
        source: A weights file or checkpoint of a study, or `module:factory`.
        data: The data set that gives the inputs; the default for a weights file is the data set of its run.
        folder: Where data sets are stored.

    Raises `ReluctantError`: the network cannot be loaded, or it fails on the inputs.
    """
    target = load_target(source, data, folder)
    probes = Probes(target.model, target.inputs)
    with limit_threads(target.threads), _all_parameters_trainable(target.model):
        try:
            snapshot = probes.snapshot(detailed=True)
        except Exception as error:
            size = "×".join(map(str, target.inputs.inputs.shape[1:]))
            raise StudyError(f"{source}: the network fails on inputs of {size}: {error_summary(error)}") from error
    record = ProbeSnapshot.read(compact(snapshot, first=True))
    sites = activation_modules(target.model)
    weight_layers = tuple(
        name
        for name in record.layers
        if "Norm" not in type(target.model.get_submodule(name)).__name__
        and not any(f"{name}.".startswith(f"{site}.") for site in sites)
    )
    return Inspection(target.description, len(probes.targets), record.sites, record.layers, weight_layers)


@contextmanager
def _all_parameters_trainable(model: nn.Module) -> Iterator[None]:
    """Frozen parameters get gradients too; afterwards they are frozen again."""
    frozen = [p for p in model.parameters() if not p.requires_grad and p.is_floating_point()]
    for p in frozen:
        p.requires_grad_(True)
    try:
        yield
    finally:
        for p in frozen:
            p.requires_grad_(False)
