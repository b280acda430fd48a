"""The steps of several runs captured in one CUDA graph, each run on a stream of its own."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import ClassVar

import torch

from reluctant.activations import Stochastic
from reluctant.training.tensor_steps import TensorSteps


class CudaCapture:
    """Captures steps on one GPU. `StepGraphs` asks it for everything that only a GPU can do."""

    kind: ClassVar[str] = "cuda"

    def __init__(self, device: torch.device) -> None:
        self.device = device

    @contextmanager
    def warming_up(self) -> Iterator[None]:
        """Within it work goes to a stream of its own, as PyTorch asks for before a capture."""
        current, side = torch.cuda.current_stream(self.device), self._stream()
        side.wait_stream(current)
        try:
            with torch.cuda.stream(side):
                yield
        finally:  # also where a step raises: what is taken back then has to come after it
            current.wait_stream(side)

    def global_random_position(self) -> int:
        """How many of PyTorch's global random numbers were read on this GPU."""
        index = self.device.index if self.device.index is not None else torch.cuda.current_device()
        return int(torch.cuda.default_generators[index].get_offset())

    def capture(self, members: Sequence[TensorSteps], size: int) -> torch.cuda.CUDAGraph:
        """A graph whose `replay` is a step of each of these runs. Capturing computes nothing."""
        graph = torch.cuda.CUDAGraph()
        for member in members:
            for module in member.training.model.modules():
                if isinstance(module, Stochastic) and module.generator_in_use is not None:
                    graph.register_generator_state(module.generator_in_use)
        streams = [self._stream() for _ in members]
        self.wait()
        error: BaseException | None = None
        try:
            with torch.cuda.device(self.device), torch.cuda.graph(graph, stream=self._stream()):
                main = torch.cuda.current_stream(self.device)
                for stream in streams:
                    stream.wait_stream(main)
                try:
                    for member, stream in zip(members, streams, strict=True):
                        with torch.cuda.stream(stream):
                            member.step(size)
                except BaseException as fault:  # the streams are joined all the same, or the capture cannot end
                    error = fault
                for stream in streams:
                    main.wait_stream(stream)
        except Exception as fault:
            raise error or fault from None
        if error is not None:
            raise error
        return graph

    def _stream(self) -> torch.cuda.Stream:
        return torch.cuda.Stream(self.device)  # type: ignore[no-untyped-call]

    def wait(self) -> None:
        """Wait until the GPU has done everything."""
        torch.cuda.synchronize(self.device)

    def memory(self) -> tuple[int, int]:
        """Bytes of the GPU's memory that this process holds, and bytes that are free."""
        return torch.cuda.memory_reserved(self.device), torch.cuda.mem_get_info(self.device)[0]
