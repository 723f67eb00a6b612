"""One workshop for all tests of a module: what is done at night is done for every project of the workshop."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.pipeline.workshop import Workshop


@pytest.fixture(scope="module")
def _workshop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workshop]:
    made = Workshop(tmp_path_factory.mktemp("workshop"))
    made.start()
    yield made
    made.stop()


@pytest.fixture
def workshop(_workshop: Workshop) -> Iterator[Workshop]:
    yield _workshop
    _workshop.gitlab.faults.clear()
    _workshop.gitlab.clear_log()
