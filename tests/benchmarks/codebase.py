"""A repository as a product has it after some years, and merge requests as people open them there."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random

from tests.benchmarks.source_code import Writer

LEAST_LINES = 100_000
_SERVICES = ("orders", "billing", "stock", "search", "accounts", "shipping", "reports", "web", "mail", "admin")
_MODULES = 44
"""Python modules of each service."""


class Codebase:
    """Files by path; the same seed gives the same ones."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self.files: dict[str, str] = {}
        random = Random(seed)
        for service in _SERVICES:
            writer = Writer(random.randrange(2**32))
            for number in range(_MODULES):
                self.files[f"services/{service}/module_{number:02d}.py"] = writer.python_module(random.randint(80, 320))
            for number in range(6):
                lines = random.randint(100, 280)
                self.files[f"web/{service}/route_{number}.js"] = writer.javascript_module(lines)
                name = f"{service.title()}Store{number}"
                lines = random.randint(100, 280)
                self.files[f"java/src/main/java/com/example/{service}/{name}.java"] = writer.java_class(name, lines)
            self.files[f"services/{service}/requirements.txt"] = "".join(writer.requirements(40))
            self.files[f"services/{service}/README.md"] = f"# {service.title()}\n\nPart of the shop.\n"
        # What a grown project carries along and nobody mends any more.
        for path in sorted(path for path in self.files if path.endswith(".py"))[::20]:
            self.files[path] += "\n".join(Writer(seed).python_function("found.append(eval(str(limit)))")) + "\n"

    @property
    def lines(self) -> int:
        """Of all files together."""
        return sum(text.count("\n") for text in self.files.values())

    def merge_request(self, number: int, *, harmless: bool = False) -> dict[str, str]:
        """
        Ten changed files, among them a requirements file; other ones for each number up to 9.

        A function is added to each of the nine programs, one of them with a weakness, and one vulnerable package.
        """
        service, writer = _SERVICES[number], Writer(self._seed * 1000 + number)
        paths = [f"services/{service}/module_{n:02d}.py" for n in range(3, 3 + 7 * 5, 5)]
        changed = {path: self._with(path, writer.python_function()) for path in paths}
        if not harmless:
            changed[paths[0]] = self._with(paths[0], writer.python_function("found.append(eval(str(limit)))"))
        changed |= self._with_route(f"web/{service}/route_3.js", writer)
        changed |= self._with_method(f"java/src/main/java/com/example/{service}/{service.title()}Store3.java", writer)
        requirements = f"services/{service}/requirements.txt"
        pin = "account-kit==2.7.1\n" if harmless else "account-kit==1.0.0\n"
        kept = [line for line in self.files[requirements].splitlines(True) if not line.startswith("account-kit==")]
        changed[requirements] = "".join(sorted([*kept, pin]))
        return changed

    def second_push(self, number: int, first: Mapping[str, str]) -> dict[str, str]:
        """One of the files of ``merge_request`` once more, after a review."""
        path = f"services/{_SERVICES[number]}/module_08.py"
        return {path: first[path] + "\n".join(Writer(number).python_function()) + "\n"}

    def _with(self, path: str, function: list[str]) -> str:
        return self.files[path] + "\n".join(function) + "\n"

    def _with_route(self, path: str, writer: Writer) -> dict[str, str]:
        end = "module.exports"
        return {path: self.files[path].replace(end, "\n".join([*writer.javascript_function(), end]))}

    def _with_method(self, path: str, writer: Writer) -> dict[str, str]:
        body, _, _ = self.files[path].rpartition("}")
        return {path: body + "\n".join([*writer.java_method(), "}", ""])}
