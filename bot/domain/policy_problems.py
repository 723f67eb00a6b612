"""
What can be wrong with a policy file, as templates: the English sentences of ``bot.domain.policy_file.Problem``.

A sentence is made with ``format``. Whoever shows it in another language finds its template again, where the first that
fits counts. A field's name says what may stand in it, see ``bot.reports.sentences``.
"""

from __future__ import annotations

from bot.texts import N_

AT_LINE = N_("{file}:{line}: {problem}")
TOO_LARGE = N_("{file} on the target branch is larger than {count} bytes")
NOT_UTF_8 = N_("{file} on the target branch is not UTF-8")

FILE_ABSENT = N_("there is no {file} in it")
FILE_IS_LINK = N_("{file} is a link or a submodule and no file")
FILE_TOO_LARGE = N_("{file} is larger than {count} bytes")
FILE_NOT_UTF_8 = N_("{file} is not UTF-8")
FILE_UNREADABLE = N_("{file} cannot be read: {text}")
FILE_TWICE = N_("{file} and {path} are about the same group")
NOT_A_FOLDER = N_("{file} is no folder")
NOT_A_GROUPS_FILE = N_("{file} is not named after the full path of a group")
WRONG_ENDING = N_("{file} does not end in .yml")
TOO_MANY_GROUPS = N_("more than {count} groups have files")
GROUPS_TOO_LARGE = N_("the files of the groups have more than {count} bytes together")
NO_BRANCH = N_("the policy project {file} is empty")
NOT_HEARD = N_("nothing was heard of the policy project since {text} UTC")

ALL = (
    AT_LINE,
    TOO_LARGE,
    NOT_UTF_8,
    FILE_ABSENT,
    FILE_IS_LINK,
    FILE_TOO_LARGE,
    FILE_NOT_UTF_8,
    FILE_UNREADABLE,
    FILE_TWICE,
    NOT_A_FOLDER,
    NOT_A_GROUPS_FILE,
    WRONG_ENDING,
    TOO_MANY_GROUPS,
    GROUPS_TOO_LARGE,
    NO_BRANCH,
    NOT_HEARD,
)
"""What an error says as a whole, on its first line."""

MISSING_KEY = N_("'{key}' is missing")
MISSING = N_("{where} is missing")
LARGE = N_("a policy may have {count} bytes, this has {size}")
NOT_SETTINGS = N_("a policy is a list of settings, each on a line such as 'language: en'")
NOT_YAML = N_("not YAML: {text}")
NO_ALIASES = N_("anchors and aliases (& and *) are not allowed")
NO_TAGS = N_("tags (!) are not allowed")
SECOND_DOCUMENT = N_("a second document begins here")
TOO_MANY_VALUES = N_("more than {count} values")
TOO_DEEP = N_("nested more than {count} deep")
KEY_NOT_A_WORD = N_("a key must be a word")
KEY_TWICE = N_("{value} stands here for the second time")
UNKNOWN_NEAR = N_("{value} is not a setting; did you mean {word}?")
UNKNOWN = N_("{value} is not a setting; known are {choices}")
NO_PROJECTS = N_("'projects' belongs into the organisation's policy; a project's own file is about itself")

OTHER_VERSION = N_("{where}: {value} is not known here; this is version {count}")
LIST_EXPECTED = N_("{where}: a list is expected, not {value}")
TEXT_EXPECTED = N_("{where}: a text is expected, not {value}")
SWITCH_EXPECTED = N_("{where}: true or false is expected, not {value}")
NUMBER_EXPECTED = N_("{where}: a whole number is expected, not {value}")
SETTINGS_EXPECTED = N_("{where}: settings are expected, not {value}")
IN_SETTING = N_("{where}: {problem}")

NOT_ONE_OF_NEAR = N_("{value} is not a {what}; it is one of {choices}; did you mean {word}?")
NOT_ONE_OF = N_("{value} is not a {what}; it is one of {choices}")
NOT_A_SCANNER = N_("{value} is not the name of a scanner, such as semgrep or pip-audit")
NOT_SCANNERS = N_("{value} is not a list of scanners")
UNREADABLE_NAME = N_("a name is one line of readable characters")
PATTERN_LONG = N_("a pattern may have {count} characters, this has {size}")
PATTERN_NEGATED = N_("a pattern cannot begin with '!'; list the exceptions under exclude_paths")
PATTERN_CONTROLS = N_("a pattern cannot hold control characters")
PATTERN_EMPTY = N_("a pattern cannot be empty")
PATTERN_DOTS = N_("'.' and '..' never match: patterns are relative to the root of the repository")
NOT_A_CWE = N_("{value} is not a CWE, such as CWE-89")
NOT_A_SHARE = N_("{value} is not a number from 0 to 1, such as 0.1")
ONLY_TRUE = N_("{value} is not possible here; write true or leave it out")
NOT_A_GROUP = N_("{value} is not the full path of a group, such as security/appsec")
NOT_A_USER = N_("{value} is not a user name, such as alice")
UNREADABLE = N_("{value} is not one line of readable characters")
CAPS_EVERYTHING = N_("a mode has to name rules or scanners; this one would be about everything")
SAME_NAME = N_("two rules are named {value}; a comment could not say which one it means")

PROBLEMS = (
    MISSING_KEY,
    LARGE,
    NOT_SETTINGS,
    NOT_YAML,
    NO_ALIASES,
    NO_TAGS,
    SECOND_DOCUMENT,
    TOO_MANY_VALUES,
    TOO_DEEP,
    KEY_NOT_A_WORD,
    KEY_TWICE,
    UNKNOWN_NEAR,
    UNKNOWN,
    NO_PROJECTS,
    OTHER_VERSION,
    LIST_EXPECTED,
    TEXT_EXPECTED,
    SWITCH_EXPECTED,
    NUMBER_EXPECTED,
    SETTINGS_EXPECTED,
    NOT_ONE_OF_NEAR,
    NOT_ONE_OF,
    NOT_A_SCANNER,
    NOT_SCANNERS,
    UNREADABLE_NAME,
    NOT_A_CWE,
    NOT_A_SHARE,
    ONLY_TRUE,
    NOT_A_GROUP,
    NOT_A_USER,
    UNREADABLE,
    CAPS_EVERYTHING,
    SAME_NAME,
    PATTERN_LONG,
    PATTERN_NEGATED,
    PATTERN_CONTROLS,
    PATTERN_EMPTY,
    PATTERN_DOTS,
    MISSING,
    IN_SETTING,
)
"""What may stand in the field ``problem``."""

WORDS = (
    N_("severity"),
    N_("confidence"),
    N_("kind of finding"),
    N_("presence"),
    N_("consequence"),
    N_("mode"),
    N_("language"),
)
"""What may stand in the field ``what``."""

NOTHING = N_("nothing")
YES = N_("yes")
NO = N_("no")
A_LIST = N_("a list")
SETTINGS = N_("settings")

VALUES = (NOTHING, YES, NO, A_LIST, SETTINGS)
"""What may stand in the field ``value`` besides words of the policy file, which are in quotes."""
