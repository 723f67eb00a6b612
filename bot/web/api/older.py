"""The routes below ``/api/v1`` that were there before the desk, as the document describes them. ``docs`` say more."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

_PROJECT = {
    "name": "project",
    "in": "path",
    "required": True,
    "description": "Number or full path, its slashes encoded",
    "schema": {"type": "string", "minLength": 1, "maxLength": 1000},
}


def _query(name: str, description: str, required: bool = False, **schema: Any) -> dict[str, Any]:
    return {
        "name": name,
        "in": "query",
        "required": required,
        "description": description,
        "schema": {"type": "string", **schema},
    }


_FIELDS = _query("fields", "Names of the fields to answer with, with commas between; all without it.")
_HAS_IT = {
    "name": "If-None-Match",
    "in": "header",
    "required": False,
    "description": "The ETag of the answer that one has",
    "schema": {"type": "string"},
}
_SAME = {"304": {"description": "Not changed since the ETag that was sent"}}


def _answers(status: str, description: str) -> dict[str, Any]:
    content = {"application/json": {"schema": {"type": "object"}}}
    return {status: {"description": description, "content": content}}


METHODS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "/projects/{project:path}/imports/{number:int}": frozenset({"GET", "HEAD"}),
        "/projects/{project:path}/imports": frozenset({"GET", "HEAD", "POST"}),
        "/projects/{project:path}/state": frozenset({"GET", "HEAD"}),
        "/rules": frozenset({"GET", "HEAD"}),
        "/rules/{rule}": frozenset({"GET", "HEAD"}),
    }
)
"""What each of them answers; for anything else there is a refusal and not the news that there is no such address."""


def paths() -> dict[str, dict[str, Any]]:
    """Path items by path, made anew for each call."""
    number = {"name": "number", "in": "path", "required": True, "schema": {"type": "integer", "minimum": 1}}
    rule = {"name": "rule", "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
    made: dict[str, dict[str, Any]] = {
        "/api/v1/projects/{project}/imports": {
            "get": {
                "tags": ["Imports"],
                "summary": "Reports that came in, the newest first",
                "operationId": "list_imports",
                "parameters": [
                    _PROJECT,
                    _query("before", "Number of the last import of the page before", pattern="^[0-9]+$"),
                    _query("limit", "How many at most, 1 to 100", pattern="^[0-9]+$"),
                ],
                "responses": _answers("200", "The imports"),
            },
            "post": {
                "tags": ["Imports"],
                "summary": "Hand in a report of another tool: docs/importing.md",
                "operationId": "import_report",
                "parameters": [
                    _PROJECT,
                    _query("ref", "Branch that it is about", required=True),
                    _query("sha", "Commit that was looked at"),
                    _query("merge_request", "Number of the merge request"),
                    _query("format", "Of the report; found out without it"),
                    _query("strip_prefix", "What to take off paths"),
                ],
                "requestBody": {
                    "required": True,
                    "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
                },
                "responses": _answers("201", "Taken in") | _answers("200", "Was there already"),
            },
        },
        "/api/v1/projects/{project}/imports/{number}": {
            "get": {
                "tags": ["Imports"],
                "summary": "One import",
                "operationId": "one_import",
                "parameters": [_PROJECT, number],
                "responses": _answers("200", "The import"),
            }
        },
        "/api/v1/projects/{project}/state": {
            "get": {
                "tags": ["Projects"],
                "summary": "How a project stands with the gate",
                "operationId": "project_state",
                "parameters": [_PROJECT],
                "responses": _answers("200", "Its state"),
            }
        },
        "/api/v1/rules": {
            "get": {
                "tags": ["Rules"],
                "summary": "Rules of all scanners, and how they did here",
                "operationId": "list_rules",
                "parameters": [
                    _query("language", "For one language: python, java, ..."),
                    _query("weakness", "About one weakness: CWE-89"),
                    _query("scanner", "Of one scanner"),
                    _query("mode", "monitor, comment or block"),
                    _query("severity", "critical, high, medium, low or info"),
                    _query("origin", "mergewarden or organisation"),
                    _query("sort", "rule, severity, mode, findings, projects or rate"),
                ],
                "responses": _answers("200", "The rules"),
            }
        },
        "/api/v1/rules/{rule}": {
            "get": {
                "tags": ["Rules"],
                "summary": "One rule",
                "operationId": "one_rule",
                "parameters": [rule, _query("scanner", "Where several have one of this name")],
                "responses": _answers("200", "The rule"),
            }
        },
    }
    for item in made.values():
        # What every read has, as those of the desk's own routes.
        item["get"]["parameters"] += [_FIELDS, _HAS_IT]
        item["get"]["responses"] |= _SAME
    return made
