"""
What calls of well-known names do.

A wrong guess here would hide a finding, so functions are known by their full name (``urllib.parse.quote``), methods
only where the object is certain to be a text or a container, and everything that is not listed may do anything.
"""

from __future__ import annotations

from collections.abc import Callable

from scanners.flow.ir import Char, Dialect, Literal

# Constructors, by full name.
_LIST_WORDS = """
    list tuple collections.deque Array
    java.util.ArrayList java.util.LinkedList java.util.Vector java.util.Stack java.util.ArrayDeque
    java.util.concurrent.CopyOnWriteArrayList
"""
LISTS = frozenset(_LIST_WORDS.split())
"""Of rows that keep the order in which they are filled; with one argument they copy it."""
_BAG_WORDS = """
    set frozenset Set java.util.HashSet java.util.LinkedHashSet java.util.TreeSet java.util.PriorityQueue
"""
BAGS = frozenset(_BAG_WORDS.split())
"""Of rows that have an order of their own."""
LISTS_OF_ARGUMENTS = frozenset({"java.util.Arrays.asList", "java.util.List.of"})
BAGS_OF_ARGUMENTS = frozenset({"java.util.Set.of"})
_TABLE_WORDS = """
    dict collections.OrderedDict Map java.util.HashMap java.util.LinkedHashMap java.util.TreeMap java.util.Hashtable
    java.util.concurrent.ConcurrentHashMap java.util.WeakHashMap
"""
TABLES = frozenset(_TABLE_WORDS.split())
EMPTY_TABLES = frozenset({"java.util.Properties"})
"""Those whose argument is something else than what they copy."""
SECTIONED = frozenset({"configparser.ConfigParser", "configparser.RawConfigParser", "configparser.SafeConfigParser"})
_BUILDER_WORDS = "java.lang.StringBuilder java.lang.StringBuffer java.io.StringWriter io.StringIO"
BUILDERS = frozenset(_BUILDER_WORDS.split())

# Functions, by full name.
_TEXT_WORDS = """
    str repr ascii bytes int float bool len abs round ord chr hex oct bin hash any all isinstance issubclass format
    html.escape html.unescape cgi.escape markupsafe.escape shlex.quote re.escape
    urllib.parse.quote urllib.parse.quote_plus urllib.parse.unquote urllib.parse.unquote_plus urllib.parse.urlencode
    base64.b64encode base64.b64decode base64.urlsafe_b64encode base64.urlsafe_b64decode base64.standard_b64encode
    base64.standard_b64decode binascii.hexlify binascii.unhexlify
    os.path.normpath os.path.basename os.path.dirname os.path.join os.path.splitext
    ldap3.utils.conv.escape_filter_chars ldap.filter.escape_filter_chars

    java.lang.String.valueOf java.lang.String.format java.lang.String.join java.lang.String
    java.lang.Integer.parseInt java.lang.Integer.valueOf java.lang.Integer.toString java.lang.Long.parseLong
    java.lang.Long.valueOf java.lang.Long.toString java.lang.Boolean.parseBoolean java.lang.Boolean.valueOf
    java.lang.Double.parseDouble java.lang.Math.max java.lang.Math.min java.lang.Math.abs
    java.net.URLEncoder.encode java.net.URLDecoder.decode java.util.Arrays.toString
    java.util.Base64.getEncoder java.util.Base64.getDecoder java.util.Base64.getUrlEncoder
    java.util.Base64.getUrlDecoder org.apache.commons.codec.binary.Base64.encodeBase64
    org.apache.commons.codec.binary.Base64.decodeBase64

    String Number Boolean BigInt parseInt parseFloat isNaN encodeURIComponent decodeURIComponent encodeURI decodeURI
    escape unescape JSON.stringify Number.parseInt Number.parseFloat Math.max Math.min Math.abs Math.floor Math.round
    path.basename path.extname path.normalize path.join path.dirname

    string rune byte cap fmt.Sprint fmt.Sprintf fmt.Sprintln
    strings.ToLower strings.ToUpper strings.TrimSpace strings.Trim strings.TrimLeft strings.TrimRight
    strings.TrimPrefix strings.TrimSuffix strings.Replace strings.ReplaceAll strings.Join strings.Repeat
    strings.Contains strings.HasPrefix strings.HasSuffix strings.Index strings.EqualFold
    strconv.Itoa strconv.Quote strconv.FormatInt
    net/url.QueryEscape net/url.PathEscape html.EscapeString html/template.HTMLEscapeString
    html/template.JSEscapeString path.Clean path.Base path.Dir path.Ext path.Join
    path/filepath.Clean path/filepath.Base path/filepath.Dir path/filepath.Ext path/filepath.Join
"""
TEXTS = frozenset(_TEXT_WORDS.split())
"""Their result is a text, a number or the like, made of the arguments alone; the arguments stay as they are."""
TEXTS_OR_ERRORS = frozenset({"strconv.Atoi", "strconv.ParseInt", "strconv.ParseBool"})
"""The same, beside an error."""
ROWS_FROM = frozenset({"sorted", "strings.Split", "strings.SplitN", "strings.Fields", "bytearray"})
"""Their result is a new row of what is in the arguments."""
_VIEW_WORDS = "reversed enumerate zip range iter Object.keys Object.values Object.entries"
VIEWS = frozenset(_VIEW_WORDS.split())
"""Their result shows what is in the arguments, even when that changes later."""
_HAVOC_WORDS = "eval exec locals vars globals dir sys._getframe inspect.currentframe inspect.stack"
HAVOC = frozenset(_HAVOC_WORDS.split())
"""They can get at the variables round them."""
_END_WORDS = """
    exit quit sys.exit os._exit os.abort flask.abort werkzeug.exceptions.abort java.lang.System.exit process.exit
    panic os.Exit log.Fatal log.Fatalf log.Fatalln log.Panic log.Panicf log.Panicln
"""
ENDS = frozenset(_END_WORDS.split())
"""They do not come back."""

# Methods of texts and numbers, by their simple name.
_METHOD_WORDS = """
    upper lower strip lstrip rstrip title capitalize replace encode decode join startswith endswith find rfind index
    count zfill center ljust rjust removeprefix removesuffix casefold swapcase expandtabs translate format
    isdigit isalpha isalnum isnumeric isdecimal isspace hex
    toString valueOf toUpperCase toLowerCase trim substring substr charAt concat length equals equalsIgnoreCase
    startsWith endsWith indexOf lastIndexOf contains isEmpty isBlank hashCode compareTo compareToIgnoreCase matches
    replaceAll replaceFirst repeat intern codePointAt stripLeading stripTrailing
    intValue longValue doubleValue encodeToString
    toLocaleLowerCase toLocaleUpperCase padStart padEnd trimEnd trimStart slice at includes charCodeAt test
"""
TEXT_METHODS = frozenset(_METHOD_WORDS.split())
ROW_METHODS = frozenset({"split", "rsplit", "splitlines", "partition", "rpartition", "toCharArray", "getBytes"})
"""Those that give a new row of parts of the text."""

_CUT_WORDS = """
    replace replaceAll replaceFirst lstrip rstrip translate removeprefix removesuffix substring substr charAt slice at
    split rsplit splitlines partition rpartition toCharArray
    strings.Trim strings.TrimLeft strings.TrimRight strings.TrimPrefix strings.TrimSuffix strings.Replace
    strings.ReplaceAll strings.Split strings.SplitN strings.Fields
"""
CUTS = frozenset(_CUT_WORDS.split())
"""After these, whatever cleaned the text counts no more: they may take away what it put there."""
_UNDOING_WORDS = """
    unescape unquote unquote_plus decode b64decode urlsafe_b64decode standard_b64decode unhexlify decodeBase64
    decodeURIComponent decodeURI
"""
UNDOES = frozenset(_UNDOING_WORDS.split())
"""Simple names of functions that may turn a cleaned text back into what it was."""


def exact(name: str, subject: Literal, arguments: tuple[Literal, ...], dialect: Dialect) -> tuple[Literal] | None:
    """What a method of a literal gives, in a tuple; None where that is not known."""
    if not isinstance(subject, str) or name not in _EXACT:
        return None
    try:
        found = _EXACT[name](subject, *arguments)
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
    return (Char(found) if name == "charAt" and dialect.characters and isinstance(found, str) else found,)


def _substring(subject: str, low: int, high: int | None = None) -> str:
    if low < 0 or low > len(subject) or (high is not None and not low <= high <= len(subject)):
        raise IndexError(low)
    return subject[low:high]


def _char_at(subject: str, index: int) -> str:
    if index < 0:
        raise IndexError(index)
    return subject[index]


def _find(subject: str, part: str, start: int = 0) -> int:
    if not 0 <= start <= len(subject):
        raise IndexError(start)
    return subject.find(part, start)


def _plain(change: Callable[[str], str], odd: str = "") -> Callable[[str], str]:
    """Languages and locales differ about all but printable ASCII, blanks and ``odd``."""

    def changed(subject: str) -> str:
        if not all(" " <= char <= "~" or char in "\t\r\n" for char in subject) or any(char in subject for char in odd):
            raise ValueError(subject)
        return change(subject)

    return changed


def _equal_without_case(subject: str, other: str) -> bool:
    if not (subject.isascii() and other.isascii()):
        raise ValueError(other)
    return subject.lower() == other.lower()


_EXACT: dict[str, Callable[..., Literal]] = {
    # In a Turkish locale the lower case of I is another letter.
    "upper": _plain(str.upper),
    "toUpperCase": _plain(str.upper, "i"),
    "lower": _plain(str.lower),
    "toLowerCase": _plain(str.lower, "I"),
    "strip": _plain(str.strip),
    "trim": _plain(str.strip),
    "startswith": lambda subject, part: subject.startswith(part),
    "startsWith": lambda subject, part: subject.startswith(part),
    "endswith": lambda subject, part: subject.endswith(part),
    "endsWith": lambda subject, part: subject.endswith(part),
    "equals": lambda subject, other: subject == other,
    "equalsIgnoreCase": _equal_without_case,
    "isEmpty": lambda subject: not subject,
    "length": lambda subject: len(subject),
    "contains": lambda subject, part: part in subject,
    "includes": lambda subject, part: part in subject,
    "indexOf": _find,
    "find": _find,
    "concat": lambda subject, *parts: "".join((subject, *parts)),
    "charAt": _char_at,
    "substring": _substring,
    "toString": lambda subject: subject,
    "intern": lambda subject: subject,
}
