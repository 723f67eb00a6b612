"""
What GitLab does with the text of a note: runs quick actions, mentions people, refers to items, offers suggestions.

The stand-in leans to the unsafe side: where GitLab might run something, it does.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import unescape
from html.parser import HTMLParser

from markdown_it import MarkdownIt
from markdown_it.token import Token

_NAMES = """
approve unapprove merge close reopen draft ready rebase label relabel unlabel remove_label assign unassign reassign
assign_reviewer unassign_reviewer reviewer request_review submit_review request_changes title todo done react award lock
unlock spend spent spend_time estimate remove_estimate remove_time_spent due remove_due_date milestone remove_milestone
subscribe unsubscribe target_branch copy_metadata confidential duplicate move clone promote promote_to epic child_epic
parent_epic remove_parent iteration remove_iteration weight clear_weight health_status clear_health_status timeline
severity page ship shrug tableflip cc invite_email run_pipeline tag zoom relate unlink blocks blocked_by link publish
create_merge_request convert_to_ticket set_parent add_contacts remove_contacts
"""
COMMANDS = frozenset(_NAMES.split())
SUBSTITUTIONS = {"shrug": "¯\\＿(ツ)＿/¯", "tableflip": "(╯°□°)╯︵ ┻━┻"}

_LINE = re.compile(r"^\s*/(\w+)(?:[ \t](.*?))?\s*$")
_PLACEHOLDER = "\ue000"
_MENTION = re.compile(r"(?<![\w/@])@([A-Za-z0-9_](?:[\w.\-]*(?:/[\w.\-]+)*))")
_REFERENCE = re.compile(
    r"(?<![\w&/#])(?:[\w.\-]+(?:/[\w.\-]+)+)?(?:#\d+|!\d+|&\d+|\$\d+|%\d+|%\"[^\"]+\"|%[A-Za-z]\w*|~\w[\w:\-]*|~\"[^\"]+\")"
    r"|\[vulnerability:\d+\]|(?<![\w/])[0-9a-f]{7,40}(?!\w)"
)
_SUGGESTION = re.compile(r"^suggestion(?::-(\d{1,3})\+(\d{1,3}))?\s*$")


def parser() -> MarkdownIt:
    """A parser that keeps escapes apart from text, so that ``\\@name`` is no mention."""
    return MarkdownIt("commonmark").enable(["table", "strikethrough"]).disable("text_join")


@dataclass(frozen=True)
class Command:
    name: str
    arguments: str


def quick_actions(body: str) -> tuple[str, list[Command]]:
    """The text that is stored, and the commands that ran."""
    text = body.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "\ufffd")
    lines = text.split("\n")
    seen = _without_multiline_quotes(lines)
    found: list[Command] = []
    drop: set[int] = set()
    for token in parser().parse("\n".join(seen)):
        if token.type != "paragraph_open" or token.map is None:
            continue
        for number in range(token.map[0], token.map[1]):
            match = _LINE.match(lines[number]) if number < len(lines) else None
            # In a quote or list only a lazy continuation line stands at the margin; GitLab runs those too.
            if match is None or (token.level > 0 and not seen[number].startswith(("/", " /"))):
                continue
            name = match[1].casefold()
            if name not in COMMANDS:
                continue
            found.append(Command(name, (match[2] or "").strip()))
            if name in SUBSTITUTIONS:
                lines[number] = f"{match[2] or ''} {SUBSTITUTIONS[name]}".strip()
            else:
                drop.add(number)
    if not found:
        return body, []
    return "\n".join(line for i, line in enumerate(lines) if i not in drop).strip(), found


def _without_multiline_quotes(lines: list[str]) -> list[str]:
    """
    ``>>>`` blocks as ordinary quotes, line for line.

    A ``>>>`` inside a fence within such a block, or within a suggestion, ends both: recorded on a real server.
    """
    out = list(lines)
    fence: str | None = None
    suggestion = False
    opened: int | None = None
    for number, line in enumerate(lines):
        bare = line.strip()
        if bare == ">>>" and (fence is None or suggestion or opened is not None):
            ends_suggestion = suggestion and opened is None
            out[number] = fence if ends_suggestion and fence else ""
            fence, suggestion = None, False
            if ends_suggestion:
                continue
            if opened is None and any(x.strip() == ">>>" for x in lines[number + 1 :]):
                opened = number
            elif opened is not None:
                for inner in range(opened + 1, number):
                    out[inner] = "> " + lines[inner]
                opened = None
            continue
        mark = re.match(r"^ {0,3}(`{3,}|~{3,})(.*)$", line)
        if mark is None:
            continue
        if fence is None:
            fence, suggestion = mark[1], mark[2].strip().startswith("suggestion")
        elif mark[1][0] == fence[0] and len(mark[1]) >= len(fence) and not mark[2].strip():
            fence, suggestion = None, False
    return out


class _HtmlText(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._code = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._code += tag in ("code", "pre", "script", "style")

    def handle_endtag(self, tag: str) -> None:
        self._code = max(0, self._code - (tag in ("code", "pre", "script", "style")))

    def handle_data(self, data: str) -> None:
        if not self._code:
            self.parts.append(data)


def _visible_text(body: str) -> list[str]:
    """Text outside code, one entry per block; escaped characters are replaced, so that they mean nothing."""
    found = []
    for token in parser().parse(body):
        if token.type == "html_block":
            reader = _HtmlText()
            reader.feed(token.content)
            reader.close()
            found.append(" ".join(reader.parts))
        elif token.type == "inline":
            found.append(_inline_text(token.children or []))
    return found


def _inline_text(children: list[Token]) -> str:
    out = []
    for child in children:
        if child.type == "text":
            out.append(child.content)
        elif child.type == "text_special":
            out.append(child.content if child.info == "entity" else _PLACEHOLDER)
        elif child.type in ("softbreak", "hardbreak"):
            out.append("\n")
        elif child.type == "code_inline":
            out.append(_PLACEHOLDER)
        elif child.type == "image":
            out.append(_inline_text(child.children or []))
    return "".join(out)


def mentions(body: str) -> list[str]:
    return [m[1] for text in _visible_text(body) for m in _MENTION.finditer(text)]


def references(body: str, instance: str) -> list[str]:
    """Items that would be told about this note: short references and links to this instance."""
    found = [m[0] for text in _visible_text(body) for m in _REFERENCE.finditer(text)]
    address = re.compile(re.escape(instance) + r"/\S+/-/(?:issues|merge_requests|commit|milestones|snippets)/\S+")
    return found + [m[0] for text in _visible_text(body) for m in address.finditer(text)]


def external_images(body: str) -> list[str]:
    """Sources of images, which a reader's browser would fetch."""
    found = []
    for token in parser().parse(body):
        found += [str(c.attrs.get("src", "")) for c in token.children or [] if c.type == "image"]
        if token.type in ("html_block", "inline"):
            found += [
                unescape(m) for m in re.findall(r"<img[^>]*\ssrc\s*=\s*[\"']?([^\"'\s>]+)", _html_of(token), re.I)
            ]
    return found


def _html_of(token: Token) -> str:
    if token.type == "html_block":
        return token.content
    return " ".join(c.content for c in token.children or [] if c.type == "html_inline")


def suggestions(body: str) -> list[tuple[int, int, str]]:
    """(lines above, lines below, new text) of every suggestion block."""
    found = []
    for token in parser().parse(body):
        if token.type == "fence" and (match := _SUGGESTION.match(token.info.strip())):
            found.append((int(match[1] or 0), int(match[2] or 0), token.content))
    return found
