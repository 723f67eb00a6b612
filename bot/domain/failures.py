"""
Why a scan could not be done, or a wish not be followed, as templates: the English sentences of ``Reason.detail``.

A sentence is made with ``format``. Whoever shows it in another language finds its template again in ``ALL``, where the
first that fits counts. A field's name says what may stand in it, see ``bot.reports.sentences``; a ``sentence`` is one
that was made from another template, ``wanted`` and ``kept`` are ``PHRASES``.
"""

from __future__ import annotations

from bot.texts import N_

REQUIRED_AND_NOT_RUN = N_("the policy requires it and it was not run")
ADVISORIES_AGE = N_("its newest advisory is of {date} and {count} days old; the policy allows {size}")
ADVISORIES_UNDATED = N_("nobody knows how old its advisories are; the policy allows {size} days")
FACTS_UNKNOWN = N_("rules of the policy ask for it, and it is not known of {count} findings")

WRONG_CONFIGURATION = N_("the configuration or policy is wrong: {sentence}")
INTERNAL_ERROR = N_("an internal error ({kind}); the log has the details")
NOT_READY = N_("GitLab has not prepared this merge request's diff yet")
NOT_SENT = N_("part of the comments could not be sent: {sentence}")
NOT_STORED = N_("scan {scan} is not in the store")

GITLAB_EXECUTED = N_("GitLab took the text of {call} for quick actions and kept no note")
GITLAB_NOT_JSON = N_("GitLab answered {status} to {call} with something that is not JSON")
GITLAB_UNREADABLE = N_("GitLab's answer to {call} is not JSON")
GITLAB_UNDOCUMENTED = N_("GitLab's answer is not a {thing} as documented: {kind}")
GITLAB_REDIRECTS = N_("GitLab redirects {call} to another address")
GITLAB_SILENT = N_("GitLab did not answer {call} in time")
GITLAB_LARGE = N_("GitLab's answer to {call} is larger than {count} bytes")
GITLAB_CERTIFICATE = N_("GitLab's certificate was not accepted for {call}")
GITLAB_CONNECTION = N_("the connection to GitLab failed for {call}: {kind}")
GITLAB_NO_REASON = N_("GitLab answered {status} to {call}: no reason given")
GITLAB_PROXY = N_("GitLab answered {status} to {call}: an HTML page, probably from a proxy")
GITLAB_ANSWERED = N_("GitLab answered {status} to {call}: {text}")

POLICY_NEVER_READ = N_("the policy project {text} has not been read yet")
POLICY_NEVER_GOOD = N_("the policy project never had a policy that can be used: {sentence}")
POLICY_UNREADABLE = N_("the policy {file} cannot be read: {text}")
ADDRESS_WITH_PASSWORD = N_("the repository address holds a user name or password")
ADDRESS_NOT_HTTP = N_("the repository address does not start with http or https: {text}")

GIT_NOT_A_REF = N_("not something to fetch: {text}")
GIT_ABSENT = N_("git is not installed")
GIT_TOO_OLD = N_("git {version} is too old")
GIT_NOT_A_REVISION = N_("not a revision: {text}")
GIT_NO_REVISION = N_("no such revision: {text}")
GIT_NO_TREE = N_("commit or tree {text} is not in the repository")
GIT_NO_COMMIT = N_("commit {text} is not in the repository")
GIT_NOT_FETCHED = N_("commit {text} was fetched and is not there")
GIT_NO_REPOSITORY = N_("git {command}: the repository is not there")
GIT_NOT_STARTED = N_("git {command} could not be started: {text}")
GIT_CANCELLED = N_("git {command}: cancelled")
GIT_TIMEOUT = N_("git {command}: no answer after {seconds} s")
GIT_BUSY = N_("git {command}: another process has been fetching for too long")
GIT_LARGE = N_("git {command}: the answer is larger than {count} bytes")
GIT_HISTORY = N_("git {command}: more than {count} commits")
GIT_UNEXPECTED = N_("git {command}: unexpected answer")
GIT_NO_REASON = N_("git {command} failed: no reason given")
GIT_FAILED = N_("git {command} failed: {text}")
GIT_SAID = N_("git {command}: {text}")

SETTING_REFUSED = N_("wanted {wanted}, kept {kept}")

ALL = tuple(value for name, value in list(globals().items()) if name.isupper() and isinstance(value, str))
"""Every template above, in the order in which they are tried."""

WANTED_NONE = N_("none")
WANTED_RULE = N_("another rule named {text}")
THRESHOLD = N_("severity {key}, confidence {word}")
KEPT_COUNT = N_("the organisation's {count}")
KEPT_ORGANISATION = N_("only the organisation's")
KEPT_BOTH = N_("both rules")

PHRASES = (WANTED_NONE, WANTED_RULE, THRESHOLD, KEPT_COUNT, KEPT_ORGANISATION, KEPT_BOTH)
"""What may stand in the fields ``wanted`` and ``kept`` besides words of the policy file."""
