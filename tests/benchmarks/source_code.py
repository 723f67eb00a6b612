"""
Writes programs that nobody needs: always the same ones for the same seed, and as varied as real ones to a scanner.

What decides a scanner's time is the shape of syntax trees (calls, strings, branches, imports) and the number of lines,
so that is what is imitated. One module in some twenty holds a weakness, as a grown project does.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random


def _words(text: str) -> list[str]:
    return text.split()


_NOUNS = _words(
    "account address archive basket batch booking branch budget campaign catalogue channel charge claim client "
    "contract country coupon currency customer delivery device discount document employee event factor feature "
    "folder group handler history index invoice item job journal label ledger limit location manifest market "
    "member message meter model notice offer order partner payment period plan policy price product profile quota "
    "rate receipt record region report request reservation result rule schedule segment session shipment shop "
    "signal source stock store subscription supplier table target task tax template tenant ticket token total "
    "trace transfer trip unit update vehicle vendor version visit voucher warehouse window zone"
)
_VERBS = _words(
    "add apply assign build calculate check clean close collect combine convert copy count create describe detect "
    "determine discard draw encode enrich expand extract fetch fill filter find finish fold format gather group "
    "guess keep limit list load locate match measure merge move normalise open order pack parse pick plan prepare "
    "publish rank read reduce refresh release rename render replace report reserve resolve restore select send "
    "settle show sort split start store sum trim update validate verify watch wrap write"
)
_FIELDS = _words("id name code amount quantity status created updated owner note size weight colour rank score level")

PACKAGES = tuple(f"{first}-{second}" for first in _NOUNS[:45] for second in ("kit", "core", "client", "utils"))
"""Made-up packages. A seventh of them has an advisory, see ``advisories``."""


class Writer:
    """One stream of code. The same seed gives the same text."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)

    # -- Python -------------------------------------------------------------------------------------------------------

    def python_module(self, lines: int) -> str:
        """A module of about so many lines."""
        noun = self._noun()
        text = [
            f'"""{noun.title()}s and what is done with them."""',
            "",
            "from __future__ import annotations",
            "",
            "import datetime",
            "import json",
            "import logging",
            "from collections import defaultdict",
            "from dataclasses import dataclass",
            "",
            f"from app.{self._noun()} import {self._noun().title()}",
            "",
            "log = logging.getLogger(__name__)",
            f"LIMIT = {self._random.randint(10, 9000)}",
            "",
        ]
        while len(text) < lines:
            text += self._python_class() if self._random.random() < 0.25 else self.python_function()
        return "\n".join(text) + "\n"

    def python_function(self, weakness: str = "") -> list[str]:
        """One function, with a statement of the caller's in it."""
        name, first, second = self._call_name(), self._noun(), self._noun()
        text = [
            "",
            f"def {name}({first}s, {second}, limit=LIMIT):",
            f'    """{name.replace("_", " ").capitalize()}."""',
        ]
        text += ["    found = []", "    totals = defaultdict(int)"]
        for _ in range(self._random.randint(2, 5)):
            text += self._random.choice(self._python_parts())(first, second)
        if weakness:
            text.append(f"    {weakness}")
        return [*text, "    return found", ""]

    def _python_class(self) -> list[str]:
        noun = self._noun()
        fields = self._random.sample(_FIELDS, 5)
        text = ["", "@dataclass", f"class {noun.title()}{self._noun().title()}:", f'    """A {noun}."""', ""]
        text += [f"    {field}: str" for field in fields]
        for field in fields[:3]:
            text += [
                "",
                f"    def with_{field}(self, {field}):",
                f'        """The same with another {field}."""',
                f"        if not {field}:",
                f"            raise ValueError(f'{field} of {{self.{fields[0]}}} is empty')",
                f"        return type(self)(**{{**self.__dict__, '{field}': {field}}})",
            ]
        return [*text, ""]

    def _python_parts(self) -> list[Callable[[str, str], list[str]]]:
        field, other, verb = self._random.choice(_FIELDS), self._random.choice(_FIELDS), self._random.choice(_VERBS)
        number = self._random.randint(2, 400)
        return [
            lambda first, second: [
                f"    for {first} in {first}s:",
                f"        if {first}.{field} > {number} and {first}.{other} is not None:",
                f"            found.append({first})",
                f"        elif {second} and len(found) > limit:",
                f"            log.info('{verb} stopped at %s of %s', {first}.{field}, {second})",
                "            break",
            ],
            lambda first, second: [
                f"    by_{field} = {{{first}.{field}: {first} for {first} in {first}s if {first}.{other}}}",
                f"    for key, value in sorted(by_{field}.items()):",
                f"        totals[key] += value.{other} * {number}",
            ],
            lambda first, second: [
                "    try:",
                f"        {other}_text = json.loads({second}.{other})",
                "    except (ValueError, AttributeError) as error:",
                f"        log.warning('cannot {verb} %s: %s', {second}, error)",
                "        return found",
                f"    found.extend({other}_text.get('{field}', []))",
            ],
            lambda first, second: [
                f"    rows = {second}.connection.execute(",
                f'        "SELECT {field}, {other} FROM {first} WHERE {field} = ? ORDER BY {other} LIMIT {number}",',
                f"        ({second}.{field},),",
                "    ).fetchall()",
                f"    found += [{first.title()}(*row) if row else None for row in rows]",
            ],
            lambda first, second: [
                f"    started = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days={number})",
                f"    with open({second}.{field}, encoding='utf-8') as lines:",
                "        for line in lines:",
                f"            left, _, right = line.strip().partition('{other}=')",
                "            if right and started.isoformat() < left:",
                "                found.append((left, right))",
            ],
        ]

    # -- JavaScript ---------------------------------------------------------------------------------------------------

    def javascript_module(self, lines: int) -> str:
        """A module of about so many lines."""
        text = [
            "'use strict';",
            "",
            "const express = require('express');",
            f"const {{ pool }} = require('./{self._noun()}');",
        ]
        text += ["", "const router = express.Router();", ""]
        while len(text) < lines:
            text += self.javascript_function()
        return "\n".join([*text, "module.exports = { router };", ""])

    def javascript_function(self, weakness: str = "") -> list[str]:
        """One route or function, with a statement of the caller's in it."""
        noun, field, other = self._noun(), self._random.choice(_FIELDS), self._random.choice(_FIELDS)
        number = self._random.randint(2, 400)
        name = "".join(word.title() for word in self._call_name().split("_"))
        text = [
            f"router.get('/{noun}s/:{field}', async (request, response) => {{",
            f"  const {field} = Number.parseInt(request.params.{field}, 10);",
            f"  const rows = await pool.query('SELECT * FROM {noun} WHERE {field} = $1 LIMIT {number}', [{field}]);",
            f"  const {noun}s = rows.filter((row) => row.{other} !== null).map((row) => ({{ ...row, {field} }}));",
            f"  if ({noun}s.length === 0) {{",
            f"    response.status(404).json({{ error: `no {noun} with {field} ${{{field}}}` }});",
            "    return;",
            "  }",
        ]
        if weakness:
            text.append(f"  {weakness}")
        text += [
            f"  response.json({{ count: {noun}s.length, {noun}s: {noun}s.slice(0, {number}) }});",
            "});",
            "",
            f"function to{name}({noun}, options = {{}}) {{",
            f"  const parts = Object.entries({noun}).sort(([left], [right]) => left.localeCompare(right));",
            f"  let total = {number};",
            "  for (const [key, value] of parts) {",
            f"    if (key.startsWith('{field}') && options.{other}) {{",
            "      total += Number(value) || 0;",
            "    }",
            "  }",
            f"  return {{ total, {field}: {noun}.{field} ?? '{other}' }};",
            "}",
            "",
        ]
        return text

    # -- Java ---------------------------------------------------------------------------------------------------------

    def java_class(self, name: str, lines: int) -> str:
        """A public class of about so many lines."""
        text = ["package com.example.billing;", "", "import java.sql.*;", "import java.util.*;", ""]
        text += [
            f"/** Looks after {self._noun()}s. */",
            f"public class {name} {{",
            "    private final Connection connection;",
            "",
        ]
        text += [f"    public {name}(Connection connection) {{", "        this.connection = connection;", "    }", ""]
        while len(text) < lines:
            text += self.java_method()
        return "\n".join([*text, "}", ""])

    def java_method(self, weakness: str = "") -> list[str]:
        """One method, with a statement of the caller's in it."""
        noun, field, other = self._noun(), self._random.choice(_FIELDS), self._random.choice(_FIELDS)
        first, *rest = self._call_name().split("_")
        name, number = first + "".join(word.title() for word in rest), self._random.randint(2, 400)
        serial = self._random.randint(1, 99999)
        text = [
            f"    public List<String> {name}{serial}(Map<String, Integer> {noun}s, String {field}) {{",
            "        List<String> found = new ArrayList<>();",
            f'        String sql = "SELECT {other} FROM {noun} WHERE {field} = ?";',
            "        try (PreparedStatement statement = connection.prepareStatement(sql)) {",
            f"            statement.setString(1, {field});",
            "            ResultSet rows = statement.executeQuery();",
            f"            while (rows.next() && found.size() < {number}) {{",
            f'                found.add(rows.getString("{other}"));',
            "            }",
            "        } catch (SQLException error) {",
            f'            throw new IllegalStateException("{noun}s cannot be read", error);',
            "        }",
        ]
        if weakness:
            text.append(f"        {weakness}")
        text += [
            f"        for (Map.Entry<String, Integer> entry : {noun}s.entrySet()) {{",
            f"            if (entry.getValue() > {number}) {{",
            f'                found.add(String.format("%s-%d-%s", entry.getKey(), entry.getValue(), {field}));',
            "            }",
            "        }",
            "        return found;",
            "    }",
            "",
        ]
        return text

    # -- dependencies -------------------------------------------------------------------------------------------------

    def requirements(self, count: int) -> list[str]:
        """So many pinned packages, by name."""
        names = sorted(self._random.sample(PACKAGES, count))
        return [f"{name}=={self._random.randint(2, 5)}.{self._random.randint(0, 20)}.0\n" for name in names]

    # -- words --------------------------------------------------------------------------------------------------------

    def _noun(self) -> str:
        return self._random.choice(_NOUNS)

    def _call_name(self) -> str:
        return f"{self._random.choice(_VERBS)}_{self._noun()}_{self._noun()}s"


def advisories() -> list[dict[str, object]]:
    """
    Made-up advisories: about versions below 2 of every seventh package.

    In the format of https://ossf.github.io/osv-schema/.
    """
    return [
        {
            "schema_version": "1.6.0",
            "id": f"PYSEC-2020-{number}",
            "modified": "2021-07-15T02:22:17Z",
            "published": "2020-10-09T17:29:00Z",
            "summary": f"{name} does what it should not",
            "affected": [
                {
                    "package": {"ecosystem": "PyPI", "name": name},
                    "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "2.0.0"}]}],
                }
            ],
        }
        for number, name in enumerate(PACKAGES[::7], start=1)
    ]
