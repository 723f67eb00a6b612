"""
The REST API of one GitLab, over python-gitlab: values in, values out, errors of ours.

Nothing here decides anything, and nothing here waits for a rate limit: the caller knows how long it can wait.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from itertools import islice
from os import PathLike
from typing import Any, BinaryIO
from urllib.parse import quote, urlencode

import gitlab
import requests
from gitlab.exceptions import GitlabError as LibraryError
from gitlab.exceptions import GitlabParsingError, RedirectError
from pydantic import SecretStr

from bot.domain import failures
from bot.errors import MergewardenError
from bot.gitlab import decode
from bot.gitlab.errors import (
    ArtifactTooLarge,
    GitLabError,
    Invalid,
    NotFound,
    TextExecuted,
    Unavailable,
    error_from,
)
from bot.gitlab.model import (
    DEVELOPER,
    PAGE,
    ApprovalRule,
    BotUser,
    Branch,
    Commit,
    CommitStatus,
    Discussion,
    EndedPipeline,
    Hook,
    Issue,
    Member,
    MergeRequest,
    Note,
    Pipeline,
    PipelineJob,
    Profile,
    Project,
    ProtectedBranch,
    Release,
    ServerVersion,
    StatusCheck,
    Tag,
    TokenInfo,
    Version,
)

STATUSES = 1_000
"""Of one commit and name that are read, the newest: any Developer can post any number."""
_CHUNK = 64 * 1024
_DOWNLOAD_SECONDS = 600.0
"""How long one file may take altogether, however steadily it trickles."""
_FEW_PROJECTS = 50
"""Up to here open merge requests are asked for project by project, above in one list of the instance."""


class GitLabClient:
    """
    One GitLab with one token. Thread-safe: every thread gets connections of its own.

    ``timeout`` is in seconds, for connecting and for each wait for data. A read that gets no answer, a 5xx or a 409 is
    tried again ``read_retries`` times; a write never is. Projects are always named by number, because GitLab refuses to
    write to a moved project by its old path.

    Every method raises a ``GitLabError``; no message contains the token.
    """

    def __init__(
        self,
        url: str,
        token: SecretStr,
        *,
        timeout: float = 20.0,
        ca_file: str | PathLike[str] | None = None,
        user_agent: str = "mergewarden",
        read_retries: int = 2,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.url = url.rstrip("/")
        self._token = token
        self._timeout = timeout
        self._verify: bool | str = str(ca_file) if ca_file is not None else True
        self._user_agent = user_agent
        self._read_retries = read_retries
        self._sleep = sleep
        self._clock = clock
        self._local = threading.local()

    def __repr__(self) -> str:
        return f"GitLabClient({self.url!r})"

    # -- the instance and ourselves ---------------------------------------------------------------------------------

    def current_user(self) -> BotUser:
        """Who the token belongs to."""
        return decode.bot_user(self._get("/user"))

    def token_info(self) -> TokenInfo | None:
        """Scopes and expiry of the token; None where GitLab does not tell (OAuth tokens, old versions)."""
        try:
            return decode.token_info(self._get("/personal_access_tokens/self"))
        except (NotFound, Invalid):
            return None

    def version(self) -> ServerVersion:
        """The server's version."""
        try:
            return decode.server_version(self._get("/metadata"))
        except NotFound:
            return decode.server_version(self._get("/version"))

    # -- projects ---------------------------------------------------------------------------------------------------

    def project(self, project_id: int | str) -> Project:
        """One project by number, or by full path to learn its number."""
        key = project_id if isinstance(project_id, int) else gitlab.utils.EncodedId(project_id)
        return decode.project(self._get(f"/projects/{key}"))

    def member_projects(self, min_access_level: int = DEVELOPER) -> list[Project]:
        """Projects that the bot is a member of with at least this level, not archived, by number."""
        query = {
            "membership": True,
            "archived": False,
            "min_access_level": min_access_level,
            # Keyset pages stay right while projects come and go, and have no upper limit.
            "pagination": "keyset",
            "order_by": "id",
            "sort": "asc",
        }
        return [decode.project(row) for row in self._list("/projects", query)]

    def update_project(self, project_id: int, settings: Mapping[str, bool]) -> Project:
        """Change project settings by their API names; needs Maintainer."""
        return decode.project(self._send("PUT", f"/projects/{project_id}", dict(settings)))

    def member(self, project_id: int, user_id: int) -> Member | None:
        """Somebody's membership, inherited ones included; None for people who are no members."""
        try:
            return decode.member(self._get(f"/projects/{project_id}/members/all/{user_id}"))
        except NotFound:
            return None

    def group_member(self, group: str, user_id: int) -> Member | None:
        """
        Somebody's membership of a group by its full path, inherited ones included; None for people who are no members.

        Raises ``NotFound`` where the bot cannot see the group: then nobody knows who its members are.
        """
        path = f"/groups/{_encoded(group)}"
        try:
            return decode.member(self._get(f"{path}/members/all/{user_id}"))
        except NotFound:
            # The answer is the same for a group that is not there.
            self._get(f"{path}?with_projects=false")
            return None

    def profile(self, user_id: int) -> Profile:
        """What a person shows of himself."""
        return decode.profile(self._get(f"/users/{user_id}"))

    def members(self, project_id: int) -> list[Member]:
        """Everybody who is a member of a project, also through its groups and through groups invited to it."""
        return [decode.member(row) for row in self._list(f"/projects/{project_id}/members/all")]

    def branch(self, project_id: int, name: str) -> Branch:
        """One branch."""
        return decode.branch(self._get(f"/projects/{project_id}/repository/branches/{_encoded(name)}"))

    def branches(self, project_id: int, search: str = "") -> list[Branch]:
        """Branches whose name holds ``search``; ``^main`` and ``main$`` tie it to the name's begin and end."""
        query: dict[str, object] = {"search": search} if search else {}
        path = f"/projects/{project_id}/repository/branches"
        return [decode.branch(row) for row in self._list(path, query)]

    def protected_branches(self, project_id: int) -> list[ProtectedBranch]:
        """The rules for protected branches, as they are written; ``Forbidden`` below Maintainer on many versions."""
        return [decode.protected_branch(row) for row in self._list(f"/projects/{project_id}/protected_branches")]

    def protect_branch(
        self, project_id: int, name: str, *, push_level: int, merge_level: int, merge_users: Sequence[int] = ()
    ) -> ProtectedBranch:
        """
        Make a rule without forced pushes; needs Maintainer. Raises ``Conflict`` where there is one of this name.

        ``merge_users`` may merge besides the role; a GitLab without Premium does not read them: look at the answer.
        """
        data: dict[str, object] = {
            "name": name,
            "push_access_level": push_level,
            "merge_access_level": merge_level,
            "allow_force_push": False,
        }
        if merge_users:
            data["allowed_to_merge"] = [{"user_id": number} for number in merge_users]
        return decode.protected_branch(self._send("POST", f"/projects/{project_id}/protected_branches", data))

    def unprotect_branch(self, project_id: int, name: str) -> None:
        """Remove a rule; needs Maintainer."""
        self._request("DELETE", f"/projects/{project_id}/protected_branches/{_encoded(name)}")

    def forbid_force_push(self, project_id: int, name: str) -> ProtectedBranch:
        """Switch forced pushes off in a rule; needs Maintainer."""
        path = f"/projects/{project_id}/protected_branches/{_encoded(name)}"
        return decode.protected_branch(self._send("PATCH", path, {"allow_force_push": False}))

    def project_hooks(self, project_id: int) -> list[Hook]:
        """The project's webhooks; needs Maintainer."""
        return [decode.hook(row) for row in self._list(f"/projects/{project_id}/hooks")]

    def create_hook(
        self, project_id: int, url: str, *, token: SecretStr | None = None, signing_token: SecretStr | None = None
    ) -> Hook:
        """
        Register a webhook for merge requests, pushes, notes and pipelines; needs Maintainer.

        A GitLab before 19.0 ignores ``signing_token`` without a word: look at ``signing_token_present`` of the answer.
        """
        data: dict[str, object] = {
            "url": url,
            "merge_requests_events": True,
            "push_events": True,
            "note_events": True,
            "pipeline_events": True,
        }
        if token is not None:
            data["token"] = token.get_secret_value()
        if signing_token is not None:
            data["signing_token"] = signing_token.get_secret_value()
        secrets = tuple(s.get_secret_value() for s in (token, signing_token) if s is not None)
        return decode.hook(self._send("POST", f"/projects/{project_id}/hooks", data, secrets=secrets))

    # -- merge requests ---------------------------------------------------------------------------------------------

    def merge_request(self, project_id: int, iid: int, *, with_rebase: bool = False) -> MergeRequest:
        """One merge request with its diff refs and head pipeline; ``with_rebase`` also tells of a rebase under way."""
        path = _merge_request(project_id, iid)
        return decode.merge_request(self._get(f"{path}?include_rebase_in_progress=true" if with_rebase else path))

    def merge(self, project_id: int, iid: int, *, sha: str) -> MergeRequest:
        """
        Merge it if ``sha`` is still its head, with the messages and options that the project and it have.

        Raises ``Conflict`` when the head is another one, ``Unauthorized`` without the right to merge into the target,
        ``Invalid`` (405, 406, 422) when it cannot be merged; ``merge_error`` of the merge request may say why.
        https://docs.gitlab.com/api/merge_requests/#merge-a-merge-request
        """
        return decode.merge_request(self._send("PUT", f"{_merge_request(project_id, iid)}/merge", {"sha": sha}))

    def rebase(self, project_id: int, iid: int) -> None:
        """
        Have the source branch put upon the target, which takes a while; ``rebase_in_progress`` says when it is over.

        Raises ``Forbidden`` where the bot may not push to the source branch, ``Conflict`` when it is under way already.
        """
        # 202 is the answer to success here, not that of a quick action.
        self._request("PUT", f"{_merge_request(project_id, iid)}/rebase", {})

    def approval_rules(self, project_id: int, iid: int) -> tuple[ApprovalRule, ...]:
        """Who has to approve; ``NotFound`` or ``Forbidden`` where the licence has no such rules."""
        return decode.approval_rules(self._get(f"{_merge_request(project_id, iid)}/approval_state"))

    def approve(self, project_id: int, iid: int, *, sha: str) -> None:
        """Approve this head. ``Conflict`` when it is another one, ``Unauthorized`` when we may not or already did."""
        self._request("POST", f"{_merge_request(project_id, iid)}/approve", {"sha": sha})

    def unapprove(self, project_id: int, iid: int) -> None:
        """Take our approval back; ``NotFound`` where there is none."""
        self._request("POST", f"{_merge_request(project_id, iid)}/unapprove", {})

    def status_checks(self, project_id: int, iid: int) -> list[StatusCheck]:
        """External status checks of its target branch; ``Unauthorized`` where the licence has none."""
        return [decode.status_check(row) for row in self._list(f"{_merge_request(project_id, iid)}/status_checks")]

    def answer_status_check(self, project_id: int, iid: int, check_id: int, *, sha: str, passed: bool) -> None:
        """Answer one for this head. ``Conflict`` when it is another one."""
        data: dict[str, object] = {
            "sha": sha,
            "external_status_check_id": check_id,
            "status": "passed" if passed else "failed",
        }
        self._request("POST", f"{_merge_request(project_id, iid)}/status_check_responses", data)

    def versions(self, project_id: int, iid: int) -> list[Version]:
        """Versions of the diff, newest first; empty until GitLab has prepared the merge request."""
        return [decode.version(row) for row in self._list(f"{_merge_request(project_id, iid)}/versions")]

    def commits(self, project_id: int, iid: int) -> list[Commit]:
        """The commits that a merge request brings, newest first."""
        return [decode.commit(row) for row in self._list(f"{_merge_request(project_id, iid)}/commits")]

    def project_merge_requests(
        self, project_id: int, *, target_branch: str | None = None, updated_after: datetime | None = None
    ) -> list[MergeRequest]:
        """Open merge requests of one project, latest change first; without diff refs and pipelines."""
        query = _open_query(updated_after)
        if target_branch is not None:
            query["target_branch"] = target_branch
        return [decode.merge_request(row) for row in self._list(f"/projects/{project_id}/merge_requests", query)]

    def open_merge_requests(self, updated_after: datetime | None = None) -> list[MergeRequest]:
        """Open merge requests of every project that the bot works in; without diff refs and pipelines."""
        projects = [project.id for project in self.member_projects()]
        if len(projects) <= _FEW_PROJECTS:
            return [
                request
                for each in projects
                for request in self.project_merge_requests(each, updated_after=updated_after)
            ]
        # The instance's list also names every public project, so ours are picked out.
        mine = set(projects)
        rows = self._list("/merge_requests", {**_open_query(updated_after), "scope": "all"})
        return [request for request in map(decode.merge_request, rows) if request.project_id in mine]

    def merged_requests(
        self, project_id: int, target_branch: str, *, updated_after: datetime, page: int = 1
    ) -> list[MergeRequest]:
        """
        One page of the merge requests that were merged into a branch, the one that was left alone longest first;
        without diff refs and pipelines. A merge request changes when it is merged, and may later: see its
        ``merged_at``. https://docs.gitlab.com/api/merge_requests/#list-project-merge-requests
        """
        query = {
            "state": "merged",
            "target_branch": target_branch,
            "scope": "all",
            **_changed_after(updated_after, page),
        }
        return [decode.merge_request(row) for row in self._page(f"/projects/{project_id}/merge_requests", query)]

    def merge_requests_of_commit(self, project_id: int, sha: str) -> list[MergeRequest]:
        """Merge requests that contain a commit: what a branch pipeline belongs to."""
        path = f"/projects/{project_id}/repository/commits/{sha}/merge_requests"
        return [decode.merge_request(row) for row in self._list(path)]

    # -- pipelines and artifacts ------------------------------------------------------------------------------------

    def branch_pipelines(
        self, project_id: int, branch: str, *, updated_after: datetime, page: int = 1
    ) -> list[Pipeline]:
        """
        One page of a branch's pipelines in whatever state, the one that changed longest ago first.

        Child pipelines are not listed. ``Forbidden`` where the project's CI is switched off.
        https://docs.gitlab.com/api/pipelines/#list-project-pipelines
        """
        query = {"ref": branch, **_changed_after(updated_after, page)}
        return [decode.pipeline(row) for row in self._page(f"/projects/{project_id}/pipelines", query)]

    def pipeline(self, project_id: int, pipeline_id: int) -> EndedPipeline:
        """One pipeline with how it went."""
        return decode.ended_pipeline(self._get(f"/projects/{project_id}/pipelines/{pipeline_id}"))

    def tags(self, project_id: int, *, page: int = 1) -> tuple[list[Tag], bool]:
        """
        One page of the tags, the newest first, and whether it is full; a lightweight tag is as old as its commit.

        Tags that are no commit's, or whose time cannot be read, are left out.
        """
        query = {"order_by": "updated", "sort": "desc", "page": page}
        rows = self._page(f"/projects/{project_id}/repository/tags", query)
        return [tag for row in rows if (tag := decode.tag(row)) is not None], len(rows) >= PAGE

    def releases(self, project_id: int, *, page: int = 1) -> list[Release]:
        """One page of the releases, the newest first; those that lie ahead are among them."""
        query = {"order_by": "released_at", "sort": "desc", "page": page}
        return [decode.release(row) for row in self._page(f"/projects/{project_id}/releases", query)]

    def pipeline_jobs(self, project_id: int, pipeline_id: int) -> list[PipelineJob]:
        """Jobs of a pipeline with their artifacts; of a job that was retried only the last."""
        rows = self._list(f"/projects/{project_id}/pipelines/{pipeline_id}/jobs")
        return [decode.pipeline_job(row) for row in rows]

    def downstream_pipelines(self, project_id: int, pipeline_id: int) -> list[Pipeline]:
        """Pipelines that a pipeline started: children of its own, and those of other projects."""
        rows = self._list(f"/projects/{project_id}/pipelines/{pipeline_id}/bridges")
        found = (decode.downstream_pipeline(row) for row in rows)
        return [pipeline for pipeline in found if pipeline is not None]

    def artifact_file(self, project_id: int, job_id: int, path: str, into: BinaryIO, *, limit: int) -> int:
        """
        Write one file of a job's archive into ``into``; returns its bytes.

        Only what the job names in ``artifacts:paths`` is in the archive; anything else is ``NotFound``. ``Forbidden``
        where ``artifacts:access`` keeps the bot out. Raises ``ArtifactTooLarge`` beyond ``limit`` bytes.
        https://docs.gitlab.com/api/job_artifacts/
        """
        if not {"", ".", ".."}.isdisjoint(path.split("/")):
            # Libraries tidy such addresses up, and the request would go somewhere else.
            raise Invalid("not a path within an archive", fields=frozenset({"artifact_path"}))
        return self._download(f"/projects/{project_id}/jobs/{job_id}/artifacts/{quote(path)}", into, limit)

    def artifact_archive(self, project_id: int, job_id: int, into: BinaryIO, *, limit: int) -> int:
        """Write a job's whole archive, a zip of a stranger's, into ``into``; otherwise as ``artifact_file``."""
        return self._download(f"/projects/{project_id}/jobs/{job_id}/artifacts", into, limit)

    # -- discussions and notes --------------------------------------------------------------------------------------

    def discussions(self, project_id: int, iid: int) -> list[Discussion]:
        """Every discussion of a merge request, oldest first, single and system notes included."""
        return [decode.discussion(row) for row in self._list(f"{_merge_request(project_id, iid)}/discussions")]

    def create_discussion(
        self, project_id: int, iid: int, body: str, position: Mapping[str, object] | None = None
    ) -> Discussion:
        """Begin a thread, on ``position`` or on the overview. Raises ``TextExecuted`` where GitLab kept no note."""
        data: dict[str, object] = {"body": body}
        if position is not None:
            data["position"] = dict(position)
        return decode.discussion(self._send("POST", f"{_merge_request(project_id, iid)}/discussions", data))

    def reply(self, project_id: int, iid: int, discussion_id: str, body: str) -> Note:
        """Write into a thread."""
        path = f"{_merge_request(project_id, iid)}/discussions/{discussion_id}/notes"
        return decode.note(self._send("POST", path, {"body": body}))

    def create_note(self, project_id: int, iid: int, body: str) -> Note:
        """Write a plain note, which nobody can resolve."""
        return decode.note(self._send("POST", f"{_merge_request(project_id, iid)}/notes", {"body": body}))

    def edit_note(self, project_id: int, iid: int, note_id: int, body: str) -> Note:
        """Put other words into a note of ours. An empty body is refused here, for GitLab would delete the note."""
        if not body.strip():
            raise Invalid("a note cannot be edited to nothing", fields=frozenset({"body"}))
        return decode.note(self._send("PUT", f"{_merge_request(project_id, iid)}/notes/{note_id}", {"body": body}))

    def delete_note(self, project_id: int, iid: int, note_id: int) -> None:
        """Remove a note of ours."""
        self._request("DELETE", f"{_merge_request(project_id, iid)}/notes/{note_id}")

    def resolve(self, project_id: int, iid: int, discussion_id: str, *, resolved: bool = True) -> Discussion:
        """Resolve a thread, or open it again with ``resolved=False``."""
        path = f"{_merge_request(project_id, iid)}/discussions/{discussion_id}"
        return decode.discussion(self._send("PUT", path, {"resolved": resolved}))

    def award(self, project_id: int, iid: int, note_id: int, name: str) -> None:
        """React to a note with an emoji, by its name without colons; once is as good as twice."""
        path = f"{_merge_request(project_id, iid)}/notes/{note_id}/award_emoji"
        try:
            self._request("POST", path, {"name": name})
        except NotFound as error:
            # GitLab's answer to a reaction that is there already. https://docs.gitlab.com/api/emoji_reactions/
            if "already been taken" not in str(error):
                raise

    # -- issues -----------------------------------------------------------------------------------------------------

    def create_issue(self, project_id: int, title: str, description: str, *, confidential: bool = True) -> Issue:
        """Open an issue. Raises ``NotFound`` or ``Forbidden`` where the project has no issues."""
        data: dict[str, object] = {"title": title, "description": description, "confidential": confidential}
        return decode.issue(self._send("POST", f"/projects/{project_id}/issues", data))

    def issues_by(self, project_id: int, author_id: int) -> list[Issue]:
        """Every issue of a project that somebody opened, the newest first."""
        query: dict[str, object] = {"author_id": author_id, "scope": "all", "order_by": "created_at", "sort": "desc"}
        return [decode.issue(row) for row in self._list(f"/projects/{project_id}/issues", query)]

    # -- wikis ------------------------------------------------------------------------------------------------------

    def put_wiki_page(self, project_id: int, title: str, content: str) -> str:
        """
        Write a page of the project's wiki (Markdown), over what was there; returns its slug.

        ``title`` may have slashes for folders, of each part only letters, digits, ``-``, ``_`` and ``.``. Raises
        ``NotFound`` or ``Forbidden`` where the project has no wiki. https://docs.gitlab.com/api/wikis/
        """
        data: dict[str, object] = {"title": title, "content": content, "format": "markdown"}
        pages = f"/projects/{project_id}/wikis"
        try:
            return decode.wiki_slug(self._send("PUT", f"{pages}/{_encoded(title)}", data))
        except NotFound:
            return decode.wiki_slug(self._send("POST", pages, data))

    # -- commit statuses --------------------------------------------------------------------------------------------

    def set_status(
        self,
        project_id: int,
        sha: str,
        state: str,
        *,
        name: str,
        ref: str | None = None,
        pipeline_id: int | None = None,
        description: str | None = None,
        target_url: str | None = None,
    ) -> CommitStatus:
        """Post a commit status. GitLab refuses (``Invalid``) a state that is already there."""
        wanted: dict[str, object] = {
            "state": state,
            "name": name,
            "ref": ref,
            "pipeline_id": pipeline_id,
            "description": description,
            "target_url": target_url,
        }
        data = {key: value for key, value in wanted.items() if value is not None}
        return decode.commit_status(self._send("POST", f"/projects/{project_id}/statuses/{sha}", data))

    def statuses(
        self,
        project_id: int,
        sha: str,
        *,
        name: str | None = None,
        pipeline_id: int | None = None,
        replaced: bool = False,
    ) -> list[CommitStatus]:
        """
        Statuses of a commit that still count, oldest first; with ``replaced`` also those that no longer do.

        Of more than ``STATUSES`` only the newest.
        """
        query: dict[str, object] = {"order_by": "id", "sort": "desc"}
        if replaced:
            query["all"] = "true"
        query |= {key: value for key, value in (("name", name), ("pipeline_id", pipeline_id)) if value is not None}
        path = f"/projects/{project_id}/repository/commits/{sha}/statuses"
        rows = self._list(path, query, most=STATUSES)
        return sorted((decode.commit_status(row) for row in rows), key=lambda status: status.id)

    # -- transport --------------------------------------------------------------------------------------------------

    def _library(self) -> gitlab.Gitlab:
        """This thread's python-gitlab."""
        found: gitlab.Gitlab | None = getattr(self._local, "library", None)
        if found is None:
            session = requests.Session()
            # python-gitlab's errors lose the headers, and Retry-After is one of them.
            session.hooks["response"].append(self._remember)
            found = gitlab.Gitlab(
                self.url,
                # As Bearer: requests takes that header off when a redirect leads to another host, PRIVATE-TOKEN not.
                oauth_token=self._token.get_secret_value(),
                session=session,
                timeout=self._timeout,
                ssl_verify=self._verify,
                user_agent=self._user_agent,
                retry_transient_errors=False,
                # Links to the next page may name an address that only GitLab itself can reach.
                keep_base_url=True,
            )
            self._local.library = found
        return found

    def _remember(self, response: requests.Response, **_: object) -> None:
        self._local.headers = {key.lower(): value for key, value in response.headers.items()}

    def _get(self, path: str) -> Any:
        return self._reading(lambda: self._request("GET", path)[1])

    def _list(self, path: str, query: Mapping[str, object] | None = None, *, most: int | None = None) -> list[Any]:
        """Every row of a list, page by page; or the first ``most``."""

        def read() -> list[Any]:
            with self._translated(f"GET {path}"):
                found = self._library().http_list(
                    path,
                    query_data={"per_page": PAGE, **(query or {})},
                    iterator=True,
                    obey_rate_limit=False,
                    max_retries=0,
                )
                return list(islice(found, most))

        rows: list[Any] = self._reading(read)
        return rows

    def _page(self, path: str, query: Mapping[str, object]) -> list[Any]:
        """One page of a list: at most ``PAGE`` rows."""
        rows = self._get(f"{path}?{urlencode({'per_page': PAGE, **query})}")
        if not isinstance(rows, list):
            raise Unavailable(failures.GITLAB_UNREADABLE.format(call=f"GET {path}"))
        return rows[:PAGE]

    def _download(self, path: str, into: BinaryIO, limit: int) -> int:
        """A body of any content, to a file, from its present position on. GitLab may redirect to an object storage."""
        start = into.tell()

        def read() -> int:
            into.seek(start)
            into.truncate()
            return self._stream(path, into, limit)

        written: int = self._reading(read)
        return written

    def _stream(self, path: str, into: BinaryIO, limit: int) -> int:
        call = f"GET {path}"
        with self._translated(call):
            deadline = self._clock() + _DOWNLOAD_SECONDS
            response = self._library().http_request(
                "get", path, streamed=True, obey_rate_limit=False, retry_transient_errors=False, max_retries=0
            )
            with response:
                size = 0
                # What comes in is counted, as what a server says of it is a claim, and may be compressed besides.
                for chunk in response.iter_content(_CHUNK):
                    size += len(chunk)
                    if size > limit:
                        raise ArtifactTooLarge(
                            failures.GITLAB_LARGE.format(call=call, count=limit), "Raise MERGEWARDEN_MAX_REPORT_BYTES."
                        )
                    if self._clock() > deadline:
                        raise Unavailable(failures.GITLAB_SILENT.format(call=call), _NETWORK_HINT)
                    _store(into, chunk)
            return size

    def _send(self, method: str, path: str, data: dict[str, object], *, secrets: tuple[str, ...] = ()) -> Any:
        """A write. 202 means that GitLab ran the text instead of keeping it."""
        status, document = self._request(method, path, data, secrets=secrets)
        if status == 202:
            raise TextExecuted(
                failures.GITLAB_EXECUTED.format(call=f"{method} {path}"),
                "This is a fault in Mergewarden: please report it.",
                status=status,
            )
        return document

    def _reading(self, read: Callable[[], Any]) -> Any:
        for attempt in range(self._read_retries + 1):
            try:
                return read()
            except GitLabError as error:
                again = isinstance(error, Unavailable) or error.status == 409
                if not again or attempt == self._read_retries:
                    raise
                self._sleep(0.2 * 2**attempt)
        raise AssertionError("unreachable")

    def _request(
        self, method: str, path: str, data: dict[str, object] | None = None, *, secrets: tuple[str, ...] = ()
    ) -> tuple[int, Any]:
        """One request; the status and the JSON (None where there is no content)."""
        with self._translated(f"{method} {path}", secrets):
            response = self._library().http_request(
                method.lower(), path, post_data=data, obey_rate_limit=False, retry_transient_errors=False, max_retries=0
            )
            if response.status_code == 204 or not response.content:
                return response.status_code, None
            try:
                return response.status_code, response.json()
            except ValueError as error:
                raise Unavailable(
                    failures.GITLAB_NOT_JSON.format(status=response.status_code, call=f"{method} {path}"),
                    "Check that the configured address is GitLab's own and not that of a sign-in page or a proxy.",
                    status=response.status_code,
                ) from error

    def _translated(self, call: str, secrets: tuple[str, ...] = ()) -> _Translation:
        self._local.headers = {}
        return _Translation(call, (self._token.get_secret_value(), *secrets), lambda: dict(self._local.headers))


class _Translation:
    """Turns what python-gitlab and requests raise into errors of ours, without their texts, which may hold anything."""

    def __init__(self, call: str, secrets: tuple[str, ...], headers: Callable[[], dict[str, str]]) -> None:
        self._call = call
        self._secrets = secrets
        self._headers = headers

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if isinstance(error, RedirectError):
            raise Invalid(
                failures.GITLAB_REDIRECTS.format(call=self._call),
                "Configure the address to which GitLab redirects, with https:// where it uses that.",
                fields=frozenset({"url"}),
            ) from None
        if isinstance(error, GitlabParsingError):
            raise Unavailable(failures.GITLAB_UNREADABLE.format(call=self._call)) from None
        if isinstance(error, LibraryError):
            body = error.response_body or str(error.error_message).encode()
            raise error_from(
                self._call, error.response_code or 0, body, self._headers(), secrets=self._secrets
            ) from None
        if isinstance(error, requests.exceptions.Timeout):
            raise Unavailable(failures.GITLAB_SILENT.format(call=self._call), _NETWORK_HINT) from None
        if isinstance(error, requests.exceptions.SSLError):
            raise Unavailable(
                failures.GITLAB_CERTIFICATE.format(call=self._call),
                "Give Mergewarden the certificate authority that signed it.",
            ) from None
        if isinstance(error, (requests.exceptions.RequestException, OSError)):
            raise Unavailable(
                failures.GITLAB_CONNECTION.format(call=self._call, kind=type(error).__name__), _NETWORK_HINT
            ) from None


def _store(into: BinaryIO, chunk: bytes) -> None:
    try:
        into.write(chunk)
    except OSError as error:
        # Not to be taken for a failure of the network.
        raise MergewardenError(
            f"what was downloaded cannot be stored: {error.strerror}", "Make room in the data directory."
        ) from error


_NETWORK_HINT = "Check GitLab's address and whether this machine can reach it."


def _encoded(name: str) -> str:
    """A name as one part of a path."""
    return str(gitlab.utils.EncodedId(name))


def _merge_request(project_id: int, iid: int) -> str:
    return f"/projects/{project_id}/merge_requests/{iid}"


def _changed_after(moment: datetime, page: int) -> dict[str, object]:
    return {"updated_after": moment.isoformat(), "order_by": "updated_at", "sort": "asc", "page": page}


def _open_query(updated_after: datetime | None) -> dict[str, object]:
    query: dict[str, object] = {"state": "opened", "order_by": "updated_at", "sort": "desc"}
    if updated_after is not None:
        query["updated_after"] = updated_after.isoformat()
    return query
