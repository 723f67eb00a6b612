"""Every sentence that a user sees has a translation that says the same with the same values."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from bot.texts import Language, translations

BOT = Path(__file__).parents[2] / "bot"
SCANNERS = BOT.parent / "scanners"
PO = BOT / "locale" / "zh_CN" / "LC_MESSAGES" / "mergewarden.po"
PLACEHOLDER = re.compile(r"\{[^{}]*\}")
MessageId = str | tuple[str, str]


def ids_in_templates() -> Iterator[MessageId]:
    methods = [("**/templates/**.html", "jinja2.ext:babel_extract"), ("**/templates/**.md", "jinja2.ext:babel_extract")]
    keywords = {"_": None, "gettext": None, "ngettext": (1, 2), "n_": (1, 2)}
    for _path, _line, message, _comments, _context in extract_from_dir(BOT, methods, keywords=keywords):
        yield message if isinstance(message, str) else (message[0], message[1])


def ids_in_code() -> Iterator[MessageId]:
    """From the syntax tree: Babel 2.18 on Python 3.11 does not look into f-strings."""
    for path in sorted([*BOT.rglob("*.py"), *SCANNERS.rglob("*.py")]):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            function = node.func
            name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
            texts = [a.value for a in node.args if isinstance(a, ast.Constant) and isinstance(a.value, str)]
            if name in ("_", "gettext", "N_"):
                assert len(texts) == 1, f"{path}:{node.lineno}: a translated text must be written out as one literal"
                yield texts[0]
            elif name == "ngettext":
                assert len(texts) == 2, f"{path}:{node.lineno}: singular and plural must be written out as literals"
                yield texts[0], texts[1]


@cache
def wanted() -> dict[str, MessageId]:
    return {m if isinstance(m, str) else m[0]: m for m in [*ids_in_code(), *ids_in_templates()]}


@cache
def catalogue() -> Catalog:
    with PO.open("rb") as source:
        return read_po(source, abort_invalid=True)


def entries() -> dict[str, Message]:
    return {m.id if isinstance(m.id, str) else m.id[0]: m for m in catalogue() if m.id}


def strings(message: Message) -> list[str]:
    return [message.string] if isinstance(message.string, str) else list(message.string or ())


def test_every_text_is_translated() -> None:
    assert len(wanted()) > 80, "the search for texts found suspiciously few"
    known = entries()
    missing = [key for key in wanted() if key not in known or not all(strings(known[key]))]
    assert missing == []


def test_no_translation_is_fuzzy_or_left_over() -> None:
    known = entries()
    assert [key for key, message in known.items() if message.fuzzy] == []
    assert sorted(set(known) - set(wanted())) == []


def test_singular_and_plural_are_known_as_such() -> None:
    known = entries()
    assert [key for key, m in wanted().items() if key in known and known[key].id != m] == []


def test_translations_have_the_same_placeholders() -> None:
    for key, message in entries().items():
        for text in strings(message):
            assert sorted(PLACEHOLDER.findall(text)) == sorted(PLACEHOLDER.findall(key)), key


def test_chinese_texts_are_chinese_with_chinese_punctuation() -> None:
    for key, message in entries().items():
        for text in strings(message):
            if re.search(r"[A-Za-z]{2}", key.replace("{", " ")):
                assert re.search(r"[\u4e00-\u9fff，]|\{first\}，\{second\}|\{clause\}。", text), key
            assert not re.search(r"[\u4e00-\u9fff][,;:?!]", text), text
            assert not re.search(r"[\u4e00-\u9fff]\.$", text), text


def test_english_is_the_message_id_itself() -> None:
    assert translations(Language.ENGLISH).gettext("Passed") == "Passed"
    assert translations(Language.ENGLISH).ngettext("{n} finding", "{n} findings", 2) == "{n} findings"


def test_chinese_comes_from_the_catalogue() -> None:
    chinese = translations(Language.CHINESE)
    assert chinese.gettext("Not assessed") == "未评估"
    assert chinese.ngettext("{n} finding", "{n} findings", 2).format(n=2) == "2 个发现项"
