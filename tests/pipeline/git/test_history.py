"""New commits, patch ids and merges, as git says them; and the hook's own reading of the same repository."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import pytest

from bot.domain.clearance import Clearance, CommitFacts, Proof, Refusal, Ruling, Update, Why, decide
from bot.pipeline.clearing import facts_of, prove
from bot.pipeline.git import CommitNotFound, GitCancelled, GitError, GitTimeout, GitTooOld, Repository
from bot.pipeline.git.history import parse_commits, parse_patch_ids
from tests.deploy.gate import load_script
from tests.pipeline.git.builder import Builder, Content, Executable, Link, Submodule, git

HOOK = load_script()


def hook_facts(builder: Builder, branch: str, old: str | None, new: str, others: list[str], **limits: int) -> Update:
    """What the hook would tell the bot."""
    reader = HOOK.Git("git")
    reader.environment = {
        **{name: value for name, value in reader.environment.items() if name in ("PATH", "LC_ALL")},
        "GIT_DIR": str(builder.path),
        "HOME": "/nonexistent",
    }
    told = reader.facts(branch, old, new, others, False, **limits)
    commits = {c["sha"]: CommitFacts(**{**c, "parents": tuple(c["parents"])}) for c in told["commits"]}
    return Update(branch, told["old"], told["new"], told["fast_forward"], commits, told["landed"], told["beginning"])


def test_new_commits_are_those_that_the_branch_has_not(builder: Builder, repository: Repository) -> None:
    base = builder.commit({"a": "1"})
    side = builder.commit({"b": "1"}, ref="refs/heads/side", parents=[base])
    old = builder.commit({"a": "2"})
    new = builder.commit({"c": "1"}, parents=[old, side])
    found = repository.commits_between([old], new, 100)
    assert found is not None
    assert set(found.commits) == {new, side}
    assert found.commits[new].parents == (old, side)
    assert found.landed == {old: repository.commit(old).tree, base: repository.commit(base).tree}
    assert [one.sha for one in found.spine(new, 10)] == [new, side]
    assert repository.commits_between([old], new, 1) is None


def test_what_is_cut_off_never_passes_for_what_is_on_the_branch(builder: Builder, repository: Repository) -> None:
    old = builder.commit({"a": "0"})
    shas = [builder.commit({"a": str(number + 1)}) for number in range(10)]
    found = repository.commits_between([old], shas[-1], 10)
    assert found is not None
    assert set(found.landed) == {old}


@pytest.mark.parametrize("missing", ["0" * 40, "f" * 40])
def test_a_commit_that_is_not_there_is_said_so(builder: Builder, repository: Repository, missing: str) -> None:
    there = builder.commit({"a": "1"})
    for ask in (
        lambda: repository.commits_between([missing], there, 10),
        lambda: repository.is_ancestor(missing, there),
        lambda: repository.patch_id(there, missing),
        lambda: repository.commit(missing),
    ):
        with pytest.raises(CommitNotFound):
            ask()
    assert repository.merged_tree(there, missing) is None


def test_ancestors_are_told_from_others(builder: Builder, repository: Repository) -> None:
    first = builder.commit({"a": "1"})
    second = builder.commit({"a": "2"})
    other = builder.commit({"a": "3"}, ref="refs/heads/other", parents=[])
    assert repository.is_ancestor(first, second)
    assert repository.is_ancestor(first, first)
    assert not repository.is_ancestor(second, first)
    assert not repository.is_ancestor(other, second)


def test_dates_that_somebody_wrote_deceive_nobody(builder: Builder, repository: Repository) -> None:
    def dated(year: int, *parents: str) -> str:
        when = f"{(year - 1970) * 31_556_952} +0000"
        tree = git(builder.path, "mktree", stdin=b"")
        lines = [f"tree {tree}", *(f"parent {one}" for one in parents)]
        text = "\n".join([*lines, f"author a <a> {when}", f"committer a <a> {when}", "", "x"])
        return git(builder.path, "hash-object", "-t", "commit", "-w", "--stdin", stdin=text.encode())

    old = dated(2090)
    new = old
    for _ in range(50):
        new = dated(1980, new)
    assert repository.is_ancestor(old, new)
    assert not repository.is_ancestor(new, old)
    found = repository.commits_between([old], new, 100)
    assert found is not None
    assert len(found.commits) == 50
    assert set(found.landed) == {old}


def test_a_patch_id_does_not_change_when_the_change_moves(builder: Builder, repository: Repository) -> None:
    body = [f"line {n}\n" for n in range(40)]
    base = builder.commit({"a.py": "".join(body)})
    head = builder.commit({"a.py": "".join([*body[:20], "new\n", *body[20:]])}, ref="refs/heads/f", parents=[base])
    moved = builder.commit({"a.py": "".join(["top\n", *body])}, parents=[base])
    squash = builder.commit({"a.py": "".join(["top\n", *body[:20], "new\n", *body[20:]])}, parents=[moved])
    assert repository.patch_id(base, head) == repository.patch_ids([squash])[squash]


@pytest.mark.parametrize(
    "other",
    [
        {"a.py": "x =  1\n"},
        {"a.py": "x = 1\r\n"},
        {"a.py": "x = 1"},
        {"a.py": Executable(b"x = 1\n")},
        {"a.py": Link(b"x = 1\n")},
        {"b.py": "x = 1\n"},
        {"a.py": "x = 1\n", "b": ""},
        {"a.py": Submodule("3" * 40)},
    ],
    ids=str,
)
def test_a_patch_id_tells_everything_else_apart(
    builder: Builder, repository: Repository, other: dict[str | bytes, Content]
) -> None:
    base = builder.commit({"z": "1"})
    one = builder.commit({"a.py": "x = 1\n"}, ref="refs/heads/one", parents=[base])
    two = builder.commit(other, ref="refs/heads/two", parents=[base])
    ids = repository.patch_ids([one, two])
    assert len(set(ids.values())) == 2


def test_an_empty_commit_has_no_patch_id(builder: Builder, repository: Repository) -> None:
    base = builder.commit({"a": "1"})
    empty = builder.commit({})
    assert repository.patch_ids([empty]) == {}
    assert repository.patch_id(base, empty) is None
    assert repository.patch_ids([]) == {}


def test_attributes_of_the_repository_do_not_change_patch_ids(builder: Builder, repository: Repository) -> None:
    base = builder.commit({".gitattributes": "*.lock -diff\n*.py binary\n", "a.lock": "1\n", "a.py": "1\n"})
    head = builder.commit({"a.lock": "2\n", "a.py": "2\n"})
    before = repository.patch_id(base, head)
    (builder.path / "info").mkdir(exist_ok=True)
    (builder.path / "info" / "attributes").write_text("*.lock -diff\n*.py binary\n")
    assert repository.patch_id(base, head) == before


def test_a_merge_is_done_without_anybodys_help_or_not_at_all(builder: Builder, repository: Repository) -> None:
    base = builder.commit({"a": "1\n2\n3\n4\n5\n"})
    ours = builder.commit({"a": "one\n2\n3\n4\n5\n"}, parents=[base])
    theirs = builder.commit({"a": "1\n2\n3\n4\nfive\n"}, ref="refs/heads/t", parents=[base])
    clash = builder.commit({"a": "uno\n2\n3\n4\n5\n"}, ref="refs/heads/c", parents=[base])
    other = builder.commit({"b": "1"}, ref="refs/heads/o", parents=[])
    merged = builder.commit({"a": "one\n2\n3\n4\nfive\n"}, parents=[ours, theirs])
    objects = sorted((builder.path / "objects").rglob("*"))
    assert repository.merged_tree(ours, theirs) == repository.commit(merged).tree
    assert repository.merged_tree(ours, clash) is None
    assert repository.merged_tree(ours, other) is None
    # Nothing is written among the objects that were asked about.
    assert sorted((builder.path / "objects").rglob("*")) == objects


def test_a_proof_holds_when_one_of_its_heads_gives_the_tree(builder: Builder, repository: Repository) -> None:
    base = builder.commit({"a": "1"})
    head = builder.commit({"b": "1"}, ref="refs/heads/f", parents=[base])
    wrong = builder.commit({"c": "1"}, ref="refs/heads/g", parents=[base])
    tree = repository.commit(head).tree
    otherwise = Refusal(Why.CHANGE_ALTERED, head, "main", iid=7)
    for heads, holds in (((wrong, head), True), ((wrong,), False), ((), False), (("0" * 40,), False)):
        refused = prove(repository, Ruling(proofs=(Proof(tree, base, heads, otherwise),)))
        assert refused == (() if holds else (otherwise,))


def test_committers_are_who_the_commits_say(builder: Builder, repository: Repository) -> None:
    sha = builder.commit({"a": "1"})
    assert repository.committers([sha]) == {sha: "Ada"}
    assert repository.committers([]) == {}


@pytest.mark.parametrize("text", ["nonsense", "> x y z", "commit x\n> " + "0" * 39, "\0"])
def test_rubbish_from_git_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match="not a line"):
        parse_commits(text)
    with pytest.raises(ValueError, match="not a line"):
        parse_patch_ids(text)


# --- Hook and bot -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(6))
def test_hook_and_bot_find_the_same_facts(builder: Builder, repository: Repository, seed: int) -> None:
    random = Random(seed)
    shas = [builder.commit({"a.py": "0\n"}, ref="refs/heads/n0")]
    for number in range(1, 16):
        parents = random.sample(shas, min(len(shas), random.choice([1, 1, 1, 2, 2, 3])))
        files: dict[str | bytes, Content] = {
            f"{random.choice('abc')}.py": f"{random.randrange(4)}\n" * random.randrange(3)
        }
        shas.append(
            builder.commit(files if random.random() < 0.8 else {}, ref=f"refs/heads/n{number}", parents=parents)
        )
    moves: list[tuple[str | None, str]] = [(None, shas[-1])]
    moves += [(random.choice(shas), random.choice(shas)) for _ in range(8)]
    for old, new in moves:
        others = random.sample(shas, 2) if old is None else []
        mine = facts_of(repository, "main", old, new, others=others)
        assert hook_facts(builder, "main", old, new, others) == mine
        for sha, commit in mine.commits.items():
            assert commit.parents == tuple(git(builder.path, "rev-parse", f"{sha}^@").split())


def test_of_too_many_commits_only_the_tip_is_looked_at(builder: Builder, repository: Repository) -> None:
    old = builder.commit({"a": "0"})
    side = old
    for number in range(6):
        side = builder.commit({"b": str(number)}, ref="refs/heads/side", parents=[side])
    merge = builder.commit({"b": "5"}, parents=[old, side])
    mine = facts_of(repository, "main", old, merge, most=3)
    assert hook_facts(builder, "main", old, merge, [], most=3) == mine
    assert set(mine.commits) == {merge}
    assert set(mine.landed) == {old}
    # A cleared head, or the merge of one, still comes in; nothing else does.
    assert not decide(mine, [Clearance(7, "main", merge, None)]).refusals
    ruling = decide(mine, [Clearance(7, "main", side, None)])
    assert not ruling.refusals
    assert prove(repository, ruling) == ()
    assert decide(mine, []).refusals


class Unprintable(Repository):
    """A repository whose changes are too much, or take too long, to be printed."""

    why: GitError = GitError("git diff-tree printed more than 1 bytes")

    def patch_ids(self, commits: Sequence[str]) -> dict[str, str]:
        raise self.why


@pytest.mark.parametrize("why", [GitError("out of memory"), GitTimeout("too slow")], ids=["large", "slow"])
def test_of_changes_that_cannot_be_printed_only_the_tip_is_looked_at(builder: Builder, why: GitError) -> None:
    """Otherwise whoever pushes such a change would keep everybody from ever looking at the branch again."""
    repository = Unprintable(builder.path)
    repository.why = why
    old = builder.commit({"a": "0"})
    side = builder.commit({"b": "1"}, ref="refs/heads/side", parents=[old])
    merge = builder.commit({"b": "1"}, parents=[old, side])
    mine = facts_of(repository, "main", old, merge)
    assert (set(mine.commits), set(mine.landed)) == ({merge}, {old})
    assert prove(repository, decide(mine, [Clearance(7, "main", side, None)])) == ()
    assert [one.why for one in decide(mine, []).refusals] == [Why.MERGE_OF_UNCLEARED]


def test_that_nobody_could_look_is_no_fact(builder: Builder) -> None:
    repository = Unprintable(builder.path)
    old = builder.commit({"a": "0"})
    new = builder.commit({"a": "1"}, parents=[old])
    for why in (GitCancelled("stopped"), GitTooOld("git 2.30"), CommitNotFound("gone")):
        repository.why = why
        with pytest.raises(type(why)):
            facts_of(repository, "main", old, new)
