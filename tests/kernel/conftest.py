"""Real kernels for the tests of a module."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from notebook_kernel import NotebookKernel


@pytest.fixture(scope="module")
def new_kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., NotebookKernel]]:
    """Start kernels; all are stopped with the module."""
    started: list[NotebookKernel] = []

    def new(**settings: Any) -> NotebookKernel:
        kernel = NotebookKernel(tmp_path_factory.mktemp("kernel"), **settings)
        started.append(kernel)
        kernel.start()
        return kernel

    yield new
    for kernel in started:
        kernel.stop()


@pytest.fixture(scope="module")
def kernel(new_kernel: Callable[..., NotebookKernel]) -> NotebookKernel:
    """One kernel for the tests of a module."""
    return new_kernel()
