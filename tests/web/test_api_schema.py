"""The document of the API: whole, readable by whoever has a token, and no input that it allows breaks anything."""

from __future__ import annotations

import asyncio
import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings

from bot.domain.roles import Role
from bot.store.engine import open_engine
from bot.web.api.rates import Limits
from tests.pipeline.desk_stage import ADMIN
from tests.web.api_stage import ApiStage

# Everything that the pages show and do, as the issue lists it.
_RESOURCES = (
    "/findings",
    "/findings/{finding}",
    "/findings/{finding}/decision",
    "/findings/{finding}/history",
    "/findings/{finding}/comments",
    "/findings/{finding}/issue",
    "/findings/export",
    "/decisions",
    "/undo/{batch}",
    "/claims",
    "/assignments",
    "/snoozes",
    "/suppressions",
    "/suppressions/{suppression}/approval",
    "/projects",
    "/projects/{project}",
    "/projects/{project}/state",
    "/projects/{project}/exposure",
    "/projects/{project}/daily",
    "/projects/{project}/imports",
    "/projects/{project}/merge-requests",
    "/projects/{project}/scans",
    "/projects/{project}/policy",
    "/scans/{scan}",
    "/rules",
    "/policies",
    "/advisories",
    "/components",
    "/jobs",
    "/jobs/{job}/retry",
    "/audit",
    "/people",
    "/tokens",
    "/views",
    "/webhooks",
    "/webhooks/{webhook}",
    "/incidents",
    "/incidents/{incident}",
    "/incidents/{incident}/closing",
    "/maturity",
    "/maturity/models",
    "/projects/{project}/maturity",
    "/projects/{project}/maturity/items/{item}",
    "/projects/{project}/maturity/trend",
    "/reports",
    "/reports/{report}",
    "/reports/{report}/files/{format}",
    "/attestations",
    "/attestations/{attestation}/confirmation",
    "/attestations/{attestation}/withdrawal",
    "/subscriptions",
    "/report-deliveries",
    "/me",
)


@pytest.fixture(scope="module")
def stage(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiStage]:
    folder = tmp_path_factory.mktemp("schema")
    shutil.copyfile(migrated_sqlite, folder / "api.db")
    engine = open_engine(f"sqlite:///{folder / 'api.db'}")
    often = 10_000_000
    yield ApiStage(engine, folder, limits=Limits(often, often, often))
    engine.dispose()


@pytest.fixture(scope="module")
def document(stage: ApiStage) -> dict[str, Any]:
    answer = stage.get("/openapi.json", by="reader")
    assert answer.status_code == 200
    made: dict[str, Any] = answer.json()
    return made


def test_the_document_names_every_resource_and_leaves_no_reference_open(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")
    assert {f"/api/v1{path}" for path in _RESOURCES} <= set(document["paths"])
    schemas = document["components"]["schemas"]
    assert set(_references(document)) <= {f"#/components/schemas/{name}" for name in schemas}
    for path, item in document["paths"].items():
        for operation in item.values():
            assert operation["responses"]["default"]["content"].keys() == {"application/problem+json"}, path
    assert schemas["DecideIn"]["additionalProperties"] is False


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for one in value.values():
            yield from _references(one)
    elif isinstance(value, list):
        for one in value:
            yield from _references(one)


def test_no_input_that_the_document_allows_is_a_fault_of_ours(stage: ApiStage, document: dict[str, Any]) -> None:
    # An administrator who leads as well, so that calls get as far as they can.
    stage.doorman.tokens["all"] = replace(ADMIN, instance_roles=frozenset({Role.ADMIN, Role.SECURITY_LEAD}))
    described = {path: item for path, item in document["paths"].items() if _is_ours(item)}
    schema = schemathesis.openapi.from_dict({**document, "paths": described})
    faults: set[str] = set()
    seen: Counter[int] = Counter()

    with Client(stage) as client:
        for result in schema.get_all_operations():
            operation: Any = result.ok()  # type: ignore[union-attr]

            @settings(
                max_examples=3,
                derandomize=True,
                database=None,
                deadline=None,
                phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
            )
            @given(operation.as_strategy())
            def call(case: Any) -> None:
                status = client.send(case.as_transport_kwargs(base_url="http://test"))
                seen[status] += 1
                # 502 and 503 are what GitLab, which there is none of, has not said.
                if status == 500:
                    faults.add(f"{status} {case.as_curl_command()}"[:600])

            call()
    assert not faults, "\n".join(sorted(faults))
    # It got past the door, and past the check of input.
    assert seen[200] > 20
    assert not seen[401]


class Client:
    """Sends requests in one loop: thousands of loops would take longer than the calls."""

    def __init__(self, stage: ApiStage) -> None:
        self._stage = stage

    def __enter__(self) -> Client:
        self._runner = asyncio.Runner()
        transport = httpx.ASGITransport(app=self._stage.app, raise_app_exceptions=False)
        self._client = httpx.AsyncClient(transport=transport, base_url="http://test")
        return self

    def __exit__(self, *_: object) -> None:
        self._runner.run(self._client.aclose())
        self._runner.close()

    def send(self, asked: dict[str, Any]) -> int:
        headers = dict(asked.get("headers") or {})
        headers |= {"Authorization": "Bearer all"}
        more = {name: asked[name] for name in ("params", "json") if asked.get(name) is not None}
        if isinstance(asked.get("data"), (bytes, str)):
            more["content"] = asked["data"]
        try:
            request = self._client.build_request(asked["method"], asked["url"], headers=headers, **more)
        except (ValueError, TypeError, httpx.InvalidURL):
            # What no client could send.
            return 0
        return self._runner.run(self._client.send(request)).status_code


def _is_ours(item: dict[str, Any]) -> bool:
    return any("x-permission" in operation for operation in item.values())
