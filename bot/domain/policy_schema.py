"""
The JSON schemas of policy files, for editors: ``python -m bot.domain.policy_schema`` writes them into ``rules/policy``.

They are made from the models that read the files, so that both say the same. What a schema cannot say is checked by the
loader alone: keys that stand twice, two rules of one name, anchors and tags, sizes, and texts that are not printable.
The loader, in turn, takes numbers where a name is expected (``name: 1.0``), which a schema does not.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue

import rules
from bot.domain.policy_format import OrganisationFile, ProjectFile

SCHEMAS: dict[str, tuple[type[BaseModel], str]] = {
    "policy.schema.json": (OrganisationFile, "Mergewarden: policy of an organisation"),
    "project.schema.json": (ProjectFile, "Mergewarden: policy of a group or project (.mergewarden.yml)"),
}
"""By file name the model and the title."""

FOLDER = Path(rules.__file__).parent / "policy"


class _Schema(GenerateJsonSchema):
    """Without the titles that pydantic makes of names: they say nothing that the name does not."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False

    def model_schema(self, schema: Any) -> JsonSchemaValue:
        made = super().model_schema(schema)
        made.pop("title", None)
        return made


def schema_text(name: str) -> str:
    """The schema of this file name, as the text that is kept beside the default policy."""
    model, title = SCHEMAS[name]
    schema = model.model_json_schema(schema_generator=_Schema)
    described = {"$schema": _Schema.schema_dialect, "title": title, **schema}
    return json.dumps(described, indent=2, ensure_ascii=False) + "\n"


def main() -> int:
    """Write every schema; the exit status is 0."""
    for name in SCHEMAS:
        (FOLDER / name).write_text(schema_text(name), encoding="utf-8", newline="\n")
        print(f"wrote {FOLDER / name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
