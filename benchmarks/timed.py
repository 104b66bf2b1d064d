"""Every figure that only a clock or the machine can tell; they differ from one machine to another."""

from collections.abc import Iterator

from benchmarks.figures import Figure
from benchmarks.gateway import gateway
from benchmarks.imports import api_import
from benchmarks.running_sandbox import sandbox_figures
from benchmarks.warm_request import api_request
from benchmarks.webhooks import per_cpu_second


def timed() -> Iterator[Figure]:
    """Measure CPU and memory."""
    yield from api_import()
    with gateway() as measured:
        yield from api_request(measured)
        yield from per_cpu_second(measured)
    yield from sandbox_figures()
