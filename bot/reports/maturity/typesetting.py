"""
Sets a document with Typst: words in, PDF out, and nothing else (docs/adr/0011-pdf.md).

Typst gets our template and the words as JSON, which the template shows and never reads as markup. It may open the
folder of its fonts, loads no package, and asks no network. The same words give the same bytes: the only time in them is
the one that they name.

``python -m bot.reports.maturity.typesetting`` reads the words from standard input and writes the PDF to standard
output. A process of its own gives back the memory that setting takes, and no fault of it ends ours. For that to be
quick this module imports nothing of ours.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Final

import typst
from pylopdf_fonts_zh_cn import sans_path

MADE_AT: Final = "made_at"
"""The key of the words under which a moment stands, in seconds since 1970."""
_TEMPLATE: Final = Path(__file__).parents[1] / "templates" / "summary.typ"


def typeset(words: bytes) -> bytes:
    """The PDF of a JSON object as the template wants it. Raises ``RuntimeError`` for one that it does not take."""
    folder = sans_path().parent
    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=True, font_paths=[folder])
    compiler = typst.Compiler(_TEMPLATE.read_bytes(), root=folder, font_paths=fonts, ignore_system_fonts=True)
    found = compiler.compile(
        format="pdf", sys_inputs={"data": words.decode("utf-8")}, timestamp=int(json.loads(words)[MADE_AT])
    )
    assert isinstance(found, bytes)
    return found


def main() -> int:
    """Standard input to standard output."""
    sys.stdout.buffer.write(typeset(sys.stdin.buffer.read()))
    sys.stdout.buffer.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
