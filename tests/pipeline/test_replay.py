"""
A history in which the truth is known, replayed through the real pipeline: small enough for every run of the suite.

``python -m tests.benchmarks replay`` does the same at length, and on histories that people wrote.
"""

from __future__ import annotations

import zipfile
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

import pytest

from bot.domain.verdict import Presence
from bot.pipeline.assess import Tools
from bot.pipeline.git import LocalSource, Repository
from bot.pipeline.git.command import Git
from bot.pipeline.workspace import Limits
from scanners.adapters.bandit import Bandit
from scanners.runner import Limits as ScannerLimits
from tests.benchmarks.history import OPERATIONS, History
from tests.benchmarks.identities import IDENTITIES
from tests.benchmarks.oracle import Opinion, Origin, opinions, origins
from tests.benchmarks.releases import HUNKS_PER_COMMIT, history_of
from tests.benchmarks.replay import OURS, Replay
from tests.benchmarks.walk import Step, first_parents, read_at_once, walk
from tests.domain.builders import finding
from tests.pipeline.git.builder import Builder, Content
from tests.scanners.fakes import FakeCache

CHANGES = 40


@dataclass
class Replayed:
    history: History
    steps: list[Step]
    score: Replay


@pytest.fixture(scope="module")
def replayed(tmp_path_factory: pytest.TempPathFactory) -> Replayed:
    folder = tmp_path_factory.mktemp("replay")
    history = History(folder / "made", seed=7, changes=CHANGES, files=4, functions=(3, 5))
    (folder / "data").mkdir()
    tools = Tools([Bandit()], FakeCache(), folder / "data", Limits(), ScannerLimits())
    commits = [history.changes[0].base, *(change.head for change in history.changes)]
    with (
        LocalSource.open(history.path) as source,
        read_at_once(source, tools, dict.fromkeys(commits)) as asked,
    ):
        pairs = first_parents(Git(source.git_dir), source.resolve("HEAD"), CHANGES)
        steps = list(walk(source, pairs, tools, asked))
    score = Replay("made")
    for step in steps:
        score.add(step)
    return Replayed(history, steps, score)


def test_no_verdict_on_a_history_of_known_truth_is_wrong(replayed: Replayed) -> None:
    wrong = [
        sentence
        for change, step in zip(replayed.history.changes, replayed.steps, strict=True)
        for sentence in change.wrong(step.before, step.after, step.tracked)
    ]
    assert wrong == []


def test_that_history_asks_for_every_verdict_by_every_operation(replayed: Replayed) -> None:
    assert len(replayed.history.operations) == OPERATIONS
    said = Counter(item.presence for step in replayed.steps for item in step.tracked)
    assert min(said[presence] for presence in Presence) >= 10


def test_the_repository_holds_what_the_truth_is_about(replayed: Replayed) -> None:
    for change, step in zip(replayed.history.changes, replayed.steps, strict=True):
        assert (change.base, change.head) == (step.base, step.head)
        for texts, tree in ((step.old, change.before), (step.new, change.after)):
            for path, lines in texts.items():
                written = "".join(line.text for line in tree[str(path)])
                assert "\n".join(lines).rstrip("\n") == written.replace("\r\n", "\n").rstrip("\n")


def test_blame_agrees_with_every_verdict(replayed: Replayed) -> None:
    assert replayed.score.disagreements == []
    ours = replayed.score.scores[OURS]
    assert (ours.clean_flagged, ours.called_new, ours.kept_edited, ours.kept_unflagged) == (0, 0, 0, 0)
    assert replayed.score.clean >= 10
    assert replayed.score.edited >= 10


def test_simple_identities_fail_where_we_do_not(replayed: Replayed) -> None:
    by_line, ahead, by_code = (replayed.score.scores[name] for name in IDENTITIES)
    assert by_line.clean_flagged > ahead.clean_flagged > 0
    assert by_line.kept_edited > 0
    assert by_code.kept_edited > 0


@pytest.mark.parametrize(
    ("said", "instead"),
    [
        (Presence.EXISTING, Presence.NEW),
        (Presence.EXISTING, Presence.CHANGED),
        (Presence.CHANGED, Presence.EXISTING),
        (Presence.NEW, Presence.EXISTING),
        (Presence.NEW, Presence.CHANGED),
    ],
)
def test_a_single_wrong_verdict_would_be_noticed(replayed: Replayed, said: Presence, instead: Presence) -> None:
    change, step, number = next(
        (change, step, number)
        for change, step in zip(replayed.history.changes, replayed.steps, strict=True)
        for number, item in enumerate(step.tracked)
        if item.presence is said
    )
    tracked = list(step.tracked)
    tracked[number] = replace(tracked[number], presence=instead)
    assert len(change.wrong(step.before, step.after, tracked)) >= 2
    assert change.wrong(step.before, step.after, [t for t in step.tracked if t is not step.tracked[number]])


def test_the_same_seed_makes_the_same_history(replayed: Replayed, tmp_path: Path) -> None:
    again = History(tmp_path / "again", seed=7, changes=CHANGES, files=4, functions=(3, 5))
    assert [change.head for change in again.changes] == [change.head for change in replayed.history.changes]
    other = History(tmp_path / "other", seed=8, changes=3, files=4, functions=(3, 5))
    assert other.changes[0].base != again.changes[0].base


# --- the second opinion -----------------------------------------------------------------------------------------------

BLOCK = "def carry(first, second):\n    everything = first + second\n    return eval(everything)\n"
REST = "".join(f"line_{n} = 'nothing to see in number {n}'\n" for n in range(1, 9))


Files = dict[str | bytes, Content]


def _blamed(tmp_path: Path, before: Files, after: Files, path: str) -> list[Origin | None]:
    builder = Builder(tmp_path / "repository")
    base = builder.commit(before)
    head = builder.commit(after)
    return origins(Git(builder.path), base, head, PurePosixPath(path))


def test_blame_knows_where_a_line_was_and_which_are_written(tmp_path: Path) -> None:
    made = _blamed(tmp_path, {"a.py": "one\ntwo\nthree\n"}, {"a.py": "zero\none\n2\nthree\n"}, "a.py")
    assert [origin and origin.line for origin in made] == [None, 1, None, 3]


def test_blame_follows_a_block_to_another_place_of_its_file(tmp_path: Path) -> None:
    made = _blamed(tmp_path, {"a.py": BLOCK + REST}, {"a.py": REST + BLOCK}, "a.py")
    assert [origin and origin.line for origin in made] == [*range(4, 12), 1, 2, 3]


def test_blame_follows_a_renamed_file_with_a_name_that_git_would_quote(tmp_path: Path) -> None:
    made = _blamed(tmp_path, {"ä.py": BLOCK + REST}, {"ä.py": None, "dir/b ö.py": "new\n" + BLOCK + REST}, "dir/b ö.py")
    assert made[:2] == [None, Origin(PurePosixPath("ä.py"), 1)]


def test_second_opinion_tells_kept_written_unflagged_and_doubled_apart(tmp_path: Path) -> None:
    builder = Builder(tmp_path / "repository")
    base = builder.commit({"a.py": BLOCK + REST})
    head = builder.commit({"a.py": "eval(new)\n" + BLOCK + REST + BLOCK.replace("carry", "take"), "b.py": BLOCK})
    git = Git(builder.path)
    before = [finding("a.py", 3)]
    found = {
        "written": finding("a.py", 1),
        "unflagged": finding("a.py", 5),
        "other rule": finding("a.py", 4, rule="B101"),
        "other file": finding("b.py", 3),
    }
    made = opinions(git, base, head, before, list(found.values()))
    assert dict(zip(found, (made.of[n] for n in range(4)), strict=True)) == {
        "written": Opinion.WRITTEN,
        "unflagged": Opinion.FLAGGED_NOW,
        "other rule": Opinion.FLAGGED_NOW,
        "other file": Opinion.WRITTEN,
    }
    kept = opinions(git, base, head, before, [finding("a.py", 4)])
    assert (kept.of, kept.edited) == ({0: Opinion.KEPT}, 0)
    doubled = opinions(git, base, head, before, [finding("a.py", 4), finding("a.py", 15)])
    assert set(doubled.of.values()) == {Opinion.COPIED}


def test_a_merge_is_one_change_and_the_first_commit_none(tmp_path: Path) -> None:
    builder = Builder(tmp_path / "repository")
    first = builder.commit({"a.py": "one\n"})
    side = builder.commit({"a.py": "one\ntwo\n"}, ref="refs/heads/side", parents=[first])
    second = builder.commit({"b.py": "b\n"})
    merge = builder.commit({"a.py": "one\ntwo\n"}, parents=[second, side])
    git = Git(builder.path)
    assert first_parents(git, merge, 10) == [(first, second), (second, merge)]
    assert first_parents(git, merge, 1) == [(second, merge)]
    made = origins(git, second, merge, PurePosixPath("a.py"))
    assert [origin is None for origin in made] == [False, True]


# --- histories made of releases ---------------------------------------------------------------------------------------


def _wheel(folder: Path, version: str, files: dict[str, str]) -> None:
    with zipfile.ZipFile(folder / f"shop-{version}-py3-none-any.whl", "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)


def test_history_of_releases_ends_with_the_newest_and_keeps_renames_together(tmp_path: Path) -> None:
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    many = [f"value_{n} = {n}\nprint('this line stays', {n})\n" for n in range(4 * HUNKS_PER_COMMIT)]
    newer = [text.replace("value", "amount") for text in many]
    _wheel(wheels, "1.9", {"shop/a.py": "".join(many), "shop/old.py": REST, "shop-1.9.dist-info/RECORD": "x"})
    _wheel(wheels, "1.10", {"shop/a.py": "".join(newer), "shop/new.py": REST + "end = 1\n"})
    repository = Repository(history_of(wheels, tmp_path / "repository"))
    head = repository.resolve("main")
    assert {str(entry.path) for entry in repository.tree(head)} == {"shop/a.py", "shop/new.py"}
    pairs = first_parents(Git(repository.git_dir), head, 100)
    assert len(pairs) == 4
    hunks = [
        [len(change.hunks) for change in repository.changes(*pair) if change.new_path == PurePosixPath("shop/a.py")]
        for pair in pairs
    ]
    assert hunks == [[HUNKS_PER_COMMIT]] * 4
    assert [change.kind.value for change in repository.changes(*pairs[0])] == ["modified", "renamed"]
    (blob,) = (entry.blob for entry in repository.tree(head, [PurePosixPath("shop/a.py")]))
    assert repository.read_blob(blob, 10_000) == "".join(newer).encode()


def test_one_release_is_no_history(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="two wheels"):
        history_of(tmp_path, tmp_path / "repository")
