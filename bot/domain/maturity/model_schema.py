"""
The JSON schema of maturity models, for editors: ``python -m bot.domain.maturity.model_schema`` writes it into
``rules/maturity``.

It is made from the models that read the files, so that both say the same. What a schema cannot say (ids that are given
twice, thresholds on a figure's scale, steps on the way to them, levels above a ceiling) ``model_file`` checks alone.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, Final

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue

import rules
from bot.domain.maturity.model_format import ModelFile

SCHEMA_FILE: Final = Path(rules.__file__).parent / "maturity" / "model.schema.json"


class _Schema(GenerateJsonSchema):
    """Without the titles that pydantic makes of names: they say nothing that the name does not."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False

    def model_schema(self, schema: Any) -> JsonSchemaValue:
        made = super().model_schema(schema)
        made.pop("title", None)
        return made


def schema_text() -> str:
    """The schema as the text that is kept beside the shipped models."""
    schema = ModelFile.model_json_schema(schema_generator=_Schema)
    described = {"$schema": _Schema.schema_dialect, "title": "Mergewarden: maturity model", **schema}
    return json.dumps(described, indent=2, ensure_ascii=False) + "\n"


def main() -> int:
    """Write the schema; the exit status is 0."""
    SCHEMA_FILE.write_text(schema_text(), encoding="utf-8", newline="\n")
    print(f"wrote {SCHEMA_FILE}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
