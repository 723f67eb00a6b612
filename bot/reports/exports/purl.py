"""
Package URLs (https://github.com/package-url/purl-spec) of dependencies, from OSV's names of ecosystems and packages
(https://ossf.github.io/osv-schema/#affectedpackage-field).
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from packageurl import PackageURL

from bot.reports.documents import scalar_text
from scanners.finding import Dependency

_TYPES = {
    "bitnami": "bitnami",
    "conancenter": "conan",
    "cran": "cran",
    "crates.io": "cargo",
    "github actions": "github",
    "go": "golang",
    "hackage": "hackage",
    "hex": "hex",
    "julia": "julia",
    "maven": "maven",
    "npm": "npm",
    "nuget": "nuget",
    "packagist": "composer",
    "pub": "pub",
    "pypi": "pypi",
    "rubygems": "gem",
    "swifturl": "swift",
}
_DISTRIBUTIONS = {
    "almalinux": ("rpm", "almalinux"),
    "alpine": ("apk", "alpine"),
    "chainguard": ("apk", "chainguard"),
    "debian": ("deb", "debian"),
    "opensuse": ("rpm", "opensuse"),
    "red hat": ("rpm", "redhat"),
    "rocky linux": ("rpm", "rocky-linux"),
    "suse": ("rpm", "suse"),
    "ubuntu": ("deb", "ubuntu"),
    "wolfi": ("apk", "wolfi"),
}
# The library takes such a name for none, or for another.
_BLANK = re.compile(r"^[\s/]+|[\s/]+$")
# Where the name has a namespace in it, and what stands between the two.
_NAMESPACED = {"maven": ":", "npm": "/", "golang": "/", "composer": "/", "github": "/", "swift": "/"}


def purl_of(dependency: Dependency) -> str:
    """The package's URL; of the type ``generic`` where the ecosystem has none of its own."""
    ecosystem, _, release = scalar_text(dependency.ecosystem).partition(":")
    package, version = scalar_text(dependency.package), scalar_text(dependency.version)
    word = ecosystem.strip().casefold()
    if word in _DISTRIBUTIONS:
        kind, namespace = _DISTRIBUTIONS[word]
        qualifiers = {"distro": f"{namespace}-{release}"} if release else None
        return _made(kind, namespace, package, version, qualifiers)
    # "Maven:https://..." and the like name another registry of the same kind.
    kind = _TYPES.get(word, "generic")
    before, found, after = package.rpartition(_NAMESPACED[kind]) if kind in _NAMESPACED else ("", "", package)
    return _made(kind, before if found else "", after, version, None)


def project_purl(project: str, url: str) -> str:
    """The URL of a project as a package: generic, because GitLab servers have no type of their own."""
    namespace, _, name = scalar_text(project).rpartition("/")
    qualifiers = {"vcs_url": f"git+{url}"} if _is_web_address(url) else None
    return _made("generic", namespace, name, "", qualifiers)


def _is_web_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:  # brackets that hold no IPv6 address
        return False
    return url.isascii() and parts.scheme in ("http", "https") and parts.netloc != ""


def _made(kind: str, namespace: str, name: str, version: str, qualifiers: dict[str, str] | None) -> str:
    """Of the type ``generic`` where the parts are none that the type allows."""
    plain = _BLANK.sub("", name) or "unknown"
    try:
        if name == plain:
            return PackageURL(kind, namespace or None, name, version or None, qualifiers).to_string()
    except ValueError:
        pass
    return PackageURL("generic", None, plain, version.strip() or None, qualifiers).to_string()
