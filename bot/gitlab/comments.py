"""
What to change in a merge request's conversation so that it says what it should. Pure.

Threads are known by author and marker, and matched by fingerprint, never by line. A plan for a conversation that is
already right is empty, so running twice changes nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from bot.domain.command import only_commands
from bot.domain.conversation import WantedConversation, WantedThread
from bot.gitlab.markers import Marker, MarkerKind, key_of, marker_of, normalised, path_digest, with_marker
from bot.gitlab.model import Discussion, Note
from bot.gitlab.positions import FilePosition, LinePosition
from bot.texts import Language, translations
from scanners.finding import Location

Place = LinePosition | FilePosition | None


@dataclass(frozen=True, slots=True)
class CreateThread:
    """Begin a thread. ``body_at_line`` and ``body_elsewhere`` differ: only off the line must the place be said."""

    fingerprint: str
    position: Place
    body_at_line: str
    body_elsewhere: str


@dataclass(frozen=True, slots=True)
class EditNote:
    """Put other words into a note of ours."""

    what: str
    """Fingerprint, or ``summary``."""
    note_id: int
    body: str


@dataclass(frozen=True, slots=True)
class SetResolved:
    """Resolve a thread, or open it again."""

    fingerprint: str
    discussion_id: str
    resolved: bool


@dataclass(frozen=True, slots=True)
class Reply:
    """Write into a thread."""

    fingerprint: str
    discussion_id: str
    body: str


@dataclass(frozen=True, slots=True)
class DeleteNote:
    """Remove a duplicate of ours."""

    what: str
    note_id: int


@dataclass(frozen=True, slots=True)
class CreateSummary:
    """Write the summary note."""

    body: str


Step = CreateSummary | EditNote | CreateThread | SetResolved | Reply | DeleteNote


@dataclass(frozen=True, slots=True)
class CommentPlan:
    """What to do, in this order."""

    bot_id: int
    steps: tuple[Step, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.steps)


@dataclass(frozen=True, slots=True)
class _Own:
    """A thread of ours about a finding."""

    discussion: Discussion
    note: Note
    """The note that carries the marker."""
    marker: Marker
    bot_id: int

    @property
    def people_wrote(self) -> bool:
        """Whether people talk here. A command is no talk: it is done, and answered where that needs words."""
        return any(not only_commands(note.body) for note in self._of_people)

    @property
    def people_are_here(self) -> bool:
        """Whether anything in it is not ours."""
        return bool(self._of_people)

    @property
    def _of_people(self) -> list[Note]:
        return [note for note in self.discussion.notes if not note.system and note.author_id != self.bot_id]

    @property
    def said_fixed(self) -> bool:
        markers = (marker_of(note, self.bot_id) for note in self.discussion.notes)
        return any(m is not None and m.kind is MarkerKind.FIXED for m in markers)


def plan_comments(
    wanted: WantedConversation,
    existing: Sequence[Discussion],
    *,
    bot_id: int,
    positions: Mapping[str, Place],
    language: Language = Language.ENGLISH,
    confirmed: Collection[str] = (),
) -> CommentPlan:
    """
    The steps from the ``existing`` discussions to the ``wanted`` conversation.

    ``positions`` says by fingerprint where a new thread can stand (absent or None: on the overview). ``confirmed`` are
    fingerprints of *changed* findings of which somebody who may said at this moment that they may stay. The rules, each
    for a reason a user gave:

    - a marker counts only in the bot's own note;
    - a thread is resolved when its finding is gone, unless a scanner that saw it gave no answer, its file was not read,
      or a person wrote in it (then it is told once, and left to people);
    - so is the thread of a finding that a suppression covers, without a word; the summary says whose it is;
    - a note that holds nothing but commands does not count as a person's words;
    - a resolved thread is opened again while its finding blocks, and when the bot itself had resolved it; a person's
      word stands on a finding that does not block, and on one that is ``confirmed``;
    - of two threads for one finding (a crash between post and record) the oldest stays, and one that people use.
    """
    own = _own_threads(existing, bot_id)
    steps: list[Step] = [*_summary_steps(wanted, existing, bot_id)]
    threads: dict[str, WantedThread] = {}
    for thread in wanted.threads:
        threads.setdefault(key_of(thread.fingerprint), thread)
    for key, thread in threads.items():
        if key in own:
            steps += _steps_for_present(thread, own[key][0], confirmed)
        else:
            steps.append(_creation(key, thread, positions.get(thread.fingerprint)))
    present = {key_of(fingerprint) for fingerprint in wanted.present} | threads.keys()
    accepted = {key_of(fingerprint) for fingerprint in wanted.accepted} - threads.keys()
    unread = {path_digest(path) for path in wanted.unread_paths}
    for key, found in own.items():
        if key in accepted:
            steps += _steps_for_accepted(found[0])
        elif key not in present and _may_close(found[0], wanted, unread):
            steps += _steps_for_gone(found[0], language)
        steps += _duplicate_steps(found[1:])
    return CommentPlan(bot_id, tuple(steps))


def confirmations(
    existing: Iterable[Discussion], bot_id: int, author_id: int, *, head_sha: str | None = None
) -> dict[str, Note]:
    """
    The threads that were resolved by somebody who is neither bot nor author: by key (see ``markers.key_of``) the note
    that says who and when. What that person's word is worth is for ``bot.pipeline.thread_words`` to say.

    With ``head_sha`` a thread whose line was edited since (its position stayed at an older head) does not count: give
    it where the project lets GitLab resolve outdated threads, because then whoever pushed appears as the one who
    resolved.
    """
    confirmed = {}
    for key, found in _own_threads(existing, bot_id).items():
        # The note that carries the marker: a reply in a resolved thread is "resolved by" whoever replied.
        note = found[0].note
        outdated = head_sha is not None and note.position is not None and note.position.refs.head_sha != head_sha
        if _resolved_by_other(found[0], author_id) and not outdated:
            confirmed[key] = note
    return confirmed


@dataclass(frozen=True, slots=True)
class EarlierThreads:
    """The threads that earlier pushes left, by key (see ``markers.key_of``)."""

    known: frozenset[str] = frozenset()
    """Whatever became of them."""
    open: frozenset[str] = frozenset()
    """Those that stay open."""
    closed_by_us: frozenset[str] = frozenset()
    """Those that the bot resolved: they are opened again when their finding is back."""


def earlier_threads(existing: Iterable[Discussion], bot_id: int, wanted: WantedConversation) -> EarlierThreads:
    """
    Our threads on a merge request, and which of them ``plan_comments`` leaves open. The threads of ``wanted`` do not
    matter, so this can be asked before it is decided which findings get one.
    """
    own = _own_threads(existing, bot_id)
    present = {key_of(fingerprint) for fingerprint in wanted.present}
    accepted = {key_of(fingerprint) for fingerprint in wanted.accepted}
    unread = {path_digest(path) for path in wanted.unread_paths}

    def stays(key: str, thread: _Own) -> bool:
        if not thread.discussion.resolvable or thread.discussion.resolved:
            return False
        gone = key in accepted or (key not in present and _may_close(thread, wanted, unread))
        return not gone or thread.people_wrote

    return EarlierThreads(
        known=frozenset(own),
        open=frozenset(key for key, found in own.items() if stays(key, found[0])),
        closed_by_us=frozenset(
            key
            for key, (first, *_) in own.items()
            if first.discussion.resolved and first.note.resolved_by == first.bot_id
        ),
    )


def _own_threads(existing: Iterable[Discussion], bot_id: int) -> dict[str, list[_Own]]:
    """Our threads by key: the one to keep first, then its duplicates."""
    found: dict[str, list[_Own]] = {}
    for discussion in existing:
        for note in discussion.notes:
            marker = marker_of(note, bot_id)
            if marker is not None and marker.kind is MarkerKind.FINDING:
                found.setdefault(marker.fingerprint, []).append(_Own(discussion, note, marker, bot_id))
                break
    for threads in found.values():
        threads.sort(key=lambda own: (not own.people_are_here, own.note.id))
    return found


def _summary_steps(wanted: WantedConversation, existing: Sequence[Discussion], bot_id: int) -> list[Step]:
    if not wanted.summary.strip():
        # An edit to nothing would make GitLab delete the note.
        return []
    body = with_marker(wanted.summary, Marker(MarkerKind.SUMMARY))
    notes = [note for discussion in existing for note in discussion.notes if _is_summary(note, bot_id)]
    if not notes:
        return [CreateSummary(body)]
    oldest, *others = sorted(notes, key=lambda note: note.id)
    steps: list[Step] = []
    if normalised(oldest.body) != normalised(body):
        steps.append(EditNote("summary", oldest.id, body))
    return steps + [DeleteNote("summary", note.id) for note in others]


def _is_summary(note: Note, bot_id: int) -> bool:
    marker = marker_of(note, bot_id)
    return marker is not None and marker.kind is MarkerKind.SUMMARY


def _creation(key: str, thread: WantedThread, position: Place) -> CreateThread:
    return CreateThread(key, position, _body(key, thread, at_line=True), _body(key, thread, at_line=False))


def _body(key: str, thread: WantedThread, *, at_line: bool) -> str:
    text = thread.body if at_line else f"{place_line(thread.location)}\n\n{thread.body}"
    marker = Marker(MarkerKind.FINDING, key, tuple(sorted(thread.scanners)), path_digest(str(thread.location.path)))
    return with_marker(text, marker)


def _steps_for_present(thread: WantedThread, own: _Own, confirmed: Collection[str]) -> list[Step]:
    steps: list[Step] = []
    at_line = own.note.position is not None and own.note.position.kind == "text"
    body = _body(own.marker.fingerprint, thread, at_line=at_line)
    if normalised(own.note.body) != normalised(body):
        steps.append(EditNote(own.marker.fingerprint, own.note.id, body))
    if own.discussion.resolved and _must_reopen(thread, own, confirmed):
        steps.append(SetResolved(own.marker.fingerprint, own.discussion.id, resolved=False))
    return steps


def _must_reopen(thread: WantedThread, own: _Own, confirmed: Collection[str]) -> bool:
    if own.note.resolved_by == own.bot_id:
        # We closed it because the finding was gone, and here it is again.
        return True
    return thread.blocks and thread.fingerprint not in confirmed


def _resolved_by_other(own: _Own, author_id: int) -> bool:
    by = own.note.resolved_by
    return own.discussion.resolved and own.note.resolved and by is not None and by not in (own.bot_id, author_id)


def _may_close(own: _Own, wanted: WantedConversation, unread: set[str]) -> bool:
    if not own.discussion.resolvable or own.discussion.resolved:
        return False
    if wanted.silent_scanners and (not own.marker.scanners or wanted.silent_scanners.intersection(own.marker.scanners)):
        return False
    position = own.note.position
    paths = {position.old_path, position.new_path} if position is not None else set()
    return own.marker.path_digest not in unread and not paths.intersection(wanted.unread_paths)


def _steps_for_accepted(own: _Own) -> list[Step]:
    if not own.discussion.resolvable or own.discussion.resolved or own.people_wrote:
        return []
    return [SetResolved(own.marker.fingerprint, own.discussion.id, resolved=True)]


def _steps_for_gone(own: _Own, language: Language) -> list[Step]:
    key = own.marker.fingerprint
    if not own.people_wrote:
        return [SetResolved(key, own.discussion.id, resolved=True)]
    if own.said_fixed:
        return []
    text = translations(language).gettext(
        "This finding is gone from the current version. People wrote in this thread, so it is left open: "
        "please resolve it when you are done."
    )
    return [Reply(key, own.discussion.id, with_marker(text, Marker(MarkerKind.FIXED, key)))]


def _duplicate_steps(duplicates: Iterable[_Own]) -> list[Step]:
    return [
        DeleteNote(own.marker.fingerprint, note.id)
        for own in duplicates
        if not own.people_are_here
        for note in own.discussion.notes
        if not note.system
    ]


def place_line(location: Location) -> str:
    """``path:line`` as code, for a thread that does not stand on its line. The path is a stranger's text."""
    place = f"{location.path}:{location.start_line}"
    shown = "".join(char if char.isprintable() else "\ufffd" for char in place)
    shown = shown if len(shown) <= 500 else "…" + shown[-499:]
    longest = run = 0
    for char in shown:
        run = run + 1 if char == "`" else 0
        longest = max(longest, run)
    fence = "`" * (longest + 1)
    pad = " " if longest else ""
    # Words of ours go first, so that no line begins with a stranger's text even where the code span is not seen as one.
    return f"→ {fence}{pad}{shown}{pad}{fence}"
