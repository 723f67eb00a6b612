"""One site for all tests of a module, and a fresh project for each of them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.pipeline.maturity.stage import Site, Stage


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    made = Site(tmp_path_factory.mktemp("site"))
    yield made
    made.close()


@pytest.fixture
def stage(site: Site) -> Iterator[Stage]:
    yield Stage(site)
    site.gitlab.faults.clear()
    site.gitlab.clear_log()
