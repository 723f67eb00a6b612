# ruff: noqa: E501 - the style sheet
"""What a person sees in the browser: projects, and a merge request with its threads."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import escape, unescape
from typing import TYPE_CHECKING

from markdown_it import MarkdownIt

from tests.standin.model import Discussion, MergeRequest, Note, Pipeline, Project

if TYPE_CHECKING:
    from tests.standin.world import World

_SAFE_TAG = re.compile(r"&lt;(/?(?:details|summary|kbd|sub|sup|br)(?: open)?/?)&gt;")
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_MARK = {"success": "✓", "failed": "✕", "running": "◔", "pending": "○", "canceled": "⊘", "skipped": "»"}
_WHY = {
    "mergeable": "Ready to merge",
    "ci_must_pass": "Merge blocked: the pipeline must succeed",
    "ci_still_running": "Merge blocked: the pipeline is still running",
    "discussions_not_resolved": "Merge blocked: unresolved threads",
    "draft_status": "Merge blocked: this is a draft",
    "conflict": "Merge blocked: conflicts with the target branch",
    "not_open": "Not open",
    "preparing": "Merge blocked: still preparing",
    "need_rebase": "Merge blocked: fast-forward merge is not possible, rebase first",
    "not_approved": "Merge blocked: all required approvals must be given",
    "status_checks_must_pass": "Merge blocked: all status checks must pass",
}
_STYLE = """
:root{color-scheme:light dark;--bg:#fafafa;--card:#fff;--text:#28272d;--dim:#737278;--line:#dcdcde;--blue:#1f75cb;
--green:#217645;--greenbg:#e6f4ea;--red:#ae1800;--redbg:#fcebe8;--amber:#8f4700;--amberbg:#fdf1dd;--code:#f2f2f4;
--add:#e4f7e9;--addn:#c9edd2;--mono:ui-monospace,"SF Mono",Menlo,Consolas,"DejaVu Sans Mono",monospace}
@media(prefers-color-scheme:dark){:root{--bg:#18171d;--card:#1f1e24;--text:#ececef;--dim:#a4a3a8;--line:#3f3d47;
--blue:#63a6e9;--green:#7bd99b;--greenbg:#12331f;--red:#f6a08e;--redbg:#451712;--amber:#e9be74;--amberbg:#3b2a0d;
--code:#2a2931;--add:#14301f;--addn:#1c4630}}
*{box-sizing:border-box}body{margin:0;background:var(--bg);color:var(--text);
font:15px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","PingFang SC","Microsoft YaHei",sans-serif}
header{background:var(--card);border-bottom:1px solid var(--line);padding:.7rem 1.2rem;display:flex;gap:.7rem;align-items:center}
header b{font-weight:650}header a{color:inherit;text-decoration:none}
main{max-width:60rem;margin:0 auto;padding:1.2rem}
h1{font-size:1.6rem;line-height:1.25;margin:.3rem 0 .5rem}h1 small{color:var(--dim);font-weight:400}
.dim{color:var(--dim)}a{color:var(--blue)}
.pill{display:inline-flex;align-items:center;gap:.4em;padding:.12em .7em;border-radius:99px;font-size:.85em;font-weight:600;
border:1px solid currentColor;text-decoration:none;white-space:nowrap}
.good{color:var(--green);background:var(--greenbg)}.bad{color:var(--red);background:var(--redbg)}
.wait{color:var(--amber);background:var(--amberbg)}
.card{background:var(--card);border:1px solid var(--line);border-radius:.6rem;margin:1rem 0;overflow:hidden}
.widget{display:flex;flex-wrap:wrap;gap:.6rem 1rem;align-items:center;padding:.9rem 1.1rem}
.widget b{flex:1 1 16rem}.bar{border-left:.35rem solid var(--line)}.bar.ok{border-left-color:var(--green)}
.bar.no{border-left-color:var(--red)}
table{border-collapse:collapse;margin:.6rem 0;display:block;overflow-x:auto}
.body th,.body td{border:1px solid var(--line);padding:.3rem .65rem;text-align:left;vertical-align:top}
.body th{background:var(--code)}
.path{display:flex;justify-content:space-between;gap:1rem;padding:.5rem .9rem;border-bottom:1px solid var(--line);
font:13px/1.5 var(--mono);background:var(--code);overflow-wrap:anywhere}
.diff{width:100%;font:12.5px/1.6 var(--mono);margin:0;border-bottom:1px solid var(--line)}
.diff td{padding:0 .6rem;white-space:pre;border:0}.diff .n{color:var(--dim);text-align:right;user-select:none;width:1%;
border-right:1px solid var(--line)}.diff .add{background:var(--add)}.diff .add .n{background:var(--addn)}
.diff tbody,.diff{display:table;width:100%}.diff tbody{display:table-row-group}.scroll{overflow-x:auto}
.note{padding:.8rem 1.1rem;border-top:1px solid var(--line)}.note:first-child{border-top:0}
.who{display:flex;gap:.55rem;align-items:center;margin-bottom:.3rem;font-size:.92em}
.face{width:1.7rem;height:1.7rem;border-radius:50%;display:grid;place-items:center;background:var(--blue);color:#fff;
font-weight:700;font-size:.8rem}.face.bot{border-radius:.45rem;background:#6e49cb}
.body{overflow-wrap:anywhere}.body>:first-child{margin-top:.2rem}.body>:last-child{margin-bottom:0}
.body h1{font-size:1.3rem}.body h2,.body h3{font-size:1.1rem;margin:.8rem 0 .3rem}
.body code{background:var(--code);padding:.1em .35em;border-radius:.3em;font:.87em var(--mono)}
.body pre{background:var(--code);padding:.7rem .9rem;border-radius:.5rem;overflow:auto}.body pre code{background:none;padding:0}
.body blockquote{margin:.5rem 0;padding:.1rem .9rem;border-left:3px solid var(--line);color:var(--dim)}
.suggest{border:1px solid var(--green);border-radius:.5rem;margin:.6rem 0;overflow:hidden}
.suggest p{margin:0;padding:.3rem .8rem;background:var(--greenbg);color:var(--green);font-size:.85em;font-weight:600}
.suggest pre{margin:0;border-radius:0;background:var(--add)}
details{margin:.5rem 0}summary{cursor:pointer}.resolved>summary{padding:.7rem 1.1rem;list-style-position:inside}
ul.plain{list-style:none;padding:0;margin:0}ul.plain li{padding:.7rem 1.1rem;border-top:1px solid var(--line)}
ul.plain li:first-child{border-top:0}
@media(max-width:34rem){main{padding:.6rem}h1{font-size:1.25rem}.path{flex-direction:column;gap:.1rem}}
"""


def _markdown(text: str) -> str:
    """GitLab's look of a note: comments hidden, a few harmless tags kept, everything else escaped."""
    reader = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
    html = reader.render(_COMMENT.sub("", text))
    html = re.sub(r"<p>(&lt;/?(?:details|summary).*?)</p>", r"\1", html, flags=re.DOTALL)
    html = _SAFE_TAG.sub(r"<\1>", html)
    html = re.sub(r"<img [^>]*>", '<span class="dim">[image]</span>', html)
    return re.sub(
        r'<pre><code class="language-suggestion[^"]*">(.*?)</code></pre>',
        r'<div class="suggest"><p>Suggested change</p><pre><code>\1</code></pre></div>',
        html,
        flags=re.DOTALL,
    )


def _page(title: str, body: str) -> str:
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<meta http-equiv=refresh content=5><style>{_STYLE}</style></head><body>"
        '<header><a href="/"><b>GitLab stand-in</b></a><span class="dim">for tests and the demonstration</span></header>'
        f"<main>{body}</main></body></html>"
    )


def _pill(kind: str, text: str) -> str:
    return f'<span class="pill {kind}">{escape(text)}</span>'


def _state_pill(state: str) -> str:
    kind = {"success": "good", "failed": "bad"}.get(state, "wait")
    return _pill(kind, f"{_MARK.get(state, '·')} {state}")


def front_page(world: World, only: Project | None = None) -> str:
    parts = ["<h1>Projects</h1>" if only is None else f"<h1>{escape(only.path)}</h1>"]
    for project in [only] if only else world.projects.values():
        rows = "".join(
            f'<li><a href="/{escape(project.path)}/-/merge_requests/{m.iid}">!{m.iid} {escape(m.title)}</a> '
            f'<span class="dim">{escape(m.state)}</span></li>'
            for m in reversed(project.merge_requests.values())
        )
        empty = '<li class="dim">No merge requests yet.</li>'
        parts.append(f'<div class="card"><div class="path">{escape(project.path)}</div><ul class="plain">')
        parts.append(f"{rows or empty}</ul></div>")
    return _page("GitLab stand-in", "".join(parts))


def not_found_page() -> str:
    return _page("404", "<h1>404</h1><p>There is nothing here.</p>")


def merge_request_page(world: World, request: MergeRequest) -> str:
    status = world.merge_status(request)
    head = world.head_pipeline(request)
    good = status == "mergeable" or request.state == "merged"
    open_threads = [d for d in request.discussions if d.resolvable and not d.resolved]
    resolved = [d for d in request.discussions if d.resolved]
    plain = [d for d in request.discussions if not d.resolvable]
    state = _pill("good" if request.state != "closed" else "bad", request.state.capitalize())
    title = f"{request.title} · !{request.iid}"
    parts = [
        f'<p class="dim">{escape(request.project.path)}</p>',
        f"<h1>{escape(request.title)} <small>!{request.iid}</small></h1>",
        f'<p>{state} <b>{escape(request.author.name)}</b> <span class="dim">wants to merge</span> '
        f'<code>{escape(request.source_branch)}</code> <span class="dim">into</span> '
        f'<code>{escape(request.target_branch)}</code> <span class="dim">at</span> '
        f"<code>{escape(request.head_sha[:12])}</code></p>",
        _pipeline_card(head),
        f'<div class="card bar {"ok" if good else "no"}"><div class="widget">'
        f"<b>{escape('Merged' if request.state == 'merged' else _WHY.get(status, status))}</b>"
        f"{_pill('good' if good else 'bad', 'can be merged' if good else status)}"
        f'<span class="dim">{len(open_threads)} open, {len(resolved)} resolved threads</span></div></div>',
    ]
    if request.merge_error and request.state == "opened":
        told = request.merge_error.replace("<br>", " ")
        parts.append(f'<div class="card bar no"><div class="widget"><b>{escape(unescape(told))}</b></div></div>')
    parts += [_discussion_card(request, d) for d in [*plain, *open_threads]]
    for discussion in resolved:
        first = discussion.notes[0]
        by = first.resolved_by.name if first.resolved_by else "a push"
        place = _place(first) or "Thread"
        parts.append(
            f'<details class="card resolved"><summary>{_pill("good", "✓ resolved")} {escape(place)} '
            f'<span class="dim">by {escape(by)}</span></summary>{_discussion_card(request, discussion)}</details>'
        )
    return _page(title, "".join(parts))


def _pipeline_card(head: Pipeline | None) -> str:
    if head is None:
        return '<div class="card"><div class="widget"><b>No pipeline for this commit yet</b></div></div>'
    rows = "".join(
        f'<li>{_state_pill(s.state)} <b>{escape(s.name)}</b> <span class="dim">{escape(s.description or "")}</span> '
        + (f'<a href="{escape(s.target_url)}">details</a>' if s.target_url else "")
        + "</li>"
        for s in head.statuses
        if not s.retried
    )
    bar = {"success": "ok", "failed": "no"}.get(head.status, "")
    return (
        f'<div class="card bar {bar}"><div class="widget"><b>Pipeline #{head.id}</b>{_state_pill(head.status)}'
        f'<code class="dim">{escape(head.sha[:12])}</code></div><ul class="plain" '
        f'style="border-top:1px solid var(--line)">{rows}</ul></div>'
    )


def _place(note: Note) -> str:
    if not note.position:
        return ""
    line = note.position.get("new_line") or note.position.get("old_line")
    return f"{note.position['new_path']}{f':{line}' if line else ''}"


def _discussion_card(request: MergeRequest, discussion: Discussion) -> str:
    first = discussion.notes[0]
    place = _place(first)
    head = ""
    if place:
        outdated = first.position is not None and first.position["head_sha"] != request.head_sha
        mark = "outdated" if outdated else ""
        head = f'<div class="path"><span>{escape(place)}</span><span class="dim">{mark}</span></div>'
        head += _lines(request, first)
    notes = "".join(_note(n) for n in discussion.notes)
    return f'<div class="card">{head}{notes}</div>'


def _lines(request: MergeRequest, note: Note) -> str:
    """The commented line with a few before it."""
    position = note.position or {}
    line = position.get("new_line")
    if not line:
        return ""
    content = request.project.repository.blob(position["head_sha"], position["new_path"]) or b""
    lines = content.decode("utf-8", "replace").split("\n")
    added = position.get("old_line") is None
    rows = [
        f'<tr{" class=add" if added and n == line else ""}><td class="n">{n}</td>'
        f"<td>{escape(lines[n - 1][:400])}</td></tr>"
        for n in _around(line, len(lines))
    ]
    return f'<div class="scroll"><table class="diff"><tbody>{"".join(rows)}</tbody></table></div>'


def _around(line: int, last: int) -> Iterable[int]:
    return range(max(1, line - 3), min(last, line) + 1)


def _note(note: Note) -> str:
    face = "face bot" if note.author.bot else "face"
    return (
        f'<div class="note" id="note_{note.id}"><div class="who"><span class="{face}">'
        f"{escape(note.author.name[:1].upper())}</span><b>{escape(note.author.name)}</b>"
        f'<span class="dim">@{escape(note.author.username)}</span></div>'
        f'<div class="body">{_markdown(note.body)}</div></div>'
    )
