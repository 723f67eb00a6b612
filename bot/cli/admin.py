"""``mergewarden admin``: local administrators, and what people are granted."""

from __future__ import annotations

import getpass
import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bot.cli.common import open_services, user_name
from bot.domain.audit import Act, Action, Word
from bot.domain.passwords import LONGEST, Passwords, check_password
from bot.domain.roles import Grant, Role, Target
from bot.reports.visible import one_line
from bot.store import audit, people, sessions
from bot.store.engine import session, write_session
from bot.store.people import Given, Person, PersonError

_LONGEST_FILE = 4 * LONGEST + 2


def run_create(name: str, *, password_file: Path | None, role: str, by: str | None, config: Path | None) -> int:
    """Make a local administrator. Raises ``PersonError`` and ``WeakPassword``."""
    name = people.local_name(name)
    services = open_services(config)
    with session(services.store) as reading:
        if people.find_local(reading, name) is not None:
            raise PersonError(
                f"there is already a local administrator {name}", "Change his password: admin reset-password"
            )
    kept = Passwords().hash(_password(name, password_file))
    now = datetime.now(UTC)
    with write_session(services.store) as writing:
        made = people.create_local(writing, name, kept, now)
        people.give(writing, made.id, Grant(Role(role), Target.INSTANCE), by=user_name(by), now=now)
        audit.append(writing, _act(by, Action.ADMIN_MADE, made, {"role": role}))
    services.close()
    print(f"{name} is made (person {made.id}, {role} of the whole instance) and can sign in")
    return 0


def run_list(*, format: str, everybody: bool, config: Path | None) -> int:
    """Print local administrators, or everybody, with what they are granted."""
    services = open_services(config)
    with session(services.store) as reading:
        found = people.everybody(reading) if everybody else people.local_people(reading)
        grants = people.grants_of(reading, [person.id for person in found])
    services.close()
    if format == "json":
        rows = [_document(person, grants.get(person.id, ())) for person in found]
        print(json.dumps({"people": rows}, indent=2, ensure_ascii=False))
        return 0
    if not found:
        print("nobody; make a local administrator: mergewarden admin create NAME")
        return 0
    table = Table(box=box.SIMPLE)
    for heading in ("person", "user name", "signs in with", "granted", "last seen", ""):
        table.add_column(heading, overflow="fold")
    for person in found:
        granted = "\n".join(f"{given.id}: {_granted(given.grant)}" for given in grants.get(person.id, ()))
        cells = (
            f"#{person.id}",
            one_line(person.username, 100),
            "password" if person.is_local else one_line(person.issuer, 100),
            granted or "nothing",
            str(person.seen_at.date()) if person.seen_at else "never",
            "shut out" if person.disabled_at else "",
        )
        # As text: names must not be taken for markup.
        table.add_row(*(Text(cell) for cell in cells))
    Console().print(table)
    return 0


def run_disable(who: str, *, disabled: bool, by: str | None, config: Path | None) -> int:
    """Shut somebody out, or let him in again. Raises ``PersonError``."""
    services = open_services(config)
    with write_session(services.store) as writing:
        person = people.meant(writing, who)
        people.set_disabled(writing, person.id, datetime.now(UTC) if disabled else None)
        ended = sessions.end_all(writing, person.id) if disabled else 0
        action = Action.PERSON_DISABLED if disabled else Action.PERSON_ENABLED
        audit.append(writing, _act(by, action, person, {"sessions_ended": ended} if disabled else {}))
    services.close()
    print(f"{one_line(person.username, 100)} (person {person.id}) {'is shut out' if disabled else 'may sign in again'}")
    return 0


def run_grant(who: str, role: str, *, group: str, project: str, by: str | None, config: Path | None) -> int:
    """Grant a role. Raises ``PersonError``."""
    if group and project:
        raise PersonError("a role is granted for a group or for a project", "Give one of --group and --project.")
    target = Target.GROUP if group else Target.PROJECT if project else Target.INSTANCE
    grant = people.checked_grant(role, target.value, group or project)
    services = open_services(config)
    with write_session(services.store) as writing:
        person = people.meant(writing, who)
        given = people.give(writing, person.id, grant, by=user_name(by), now=datetime.now(UTC))
        audit.append(writing, _act(by, Action.GRANT_GIVEN, person, {"grant": given.id, **_words(grant)}))
    services.close()
    print(f"{one_line(person.username, 100)} (person {person.id}) is {_granted(grant)}; this is grant {given.id}")
    return 0


def run_revoke(who: str, grant_id: int, *, by: str | None, config: Path | None) -> int:
    """Take a granted role away. Raises ``PersonError``."""
    services = open_services(config)
    with write_session(services.store) as writing:
        person = people.meant(writing, who)
        held = {given.id: given for given in people.grants_of(writing, [person.id]).get(person.id, ())}
        if grant_id not in held:
            raise PersonError(
                f"{one_line(person.username, 100)} has no grant {grant_id}", "Look at: mergewarden admin list --all"
            )
        people.take(writing, grant_id, by=user_name(by), now=datetime.now(UTC))
        grant = held[grant_id].grant
        audit.append(writing, _act(by, Action.GRANT_REVOKED, person, {"grant": grant_id, **_words(grant)}))
    services.close()
    print(f"{one_line(person.username, 100)} (person {person.id}) is not {_granted(grant)} any more")
    return 0


def run_reset_password(name: str, *, password_file: Path | None, by: str | None, config: Path | None) -> int:
    """Give a local administrator another password. Raises ``PersonError`` and ``WeakPassword``."""
    services = open_services(config)
    with session(services.store) as reading:
        found = people.find_local(reading, name)
    if found is None:
        raise PersonError("there is no local administrator of this name", "Look at: mergewarden admin list")
    person = found[0]
    kept = Passwords().hash(_password(person.username, password_file))
    with write_session(services.store) as writing:
        people.set_password(writing, person.id, kept)
        ended = sessions.end_all(writing, person.id)
        audit.append(writing, _act(by, Action.PASSWORD_CHANGED, person, {"sessions_ended": ended}))
    services.close()
    print(f"{person.username} has another password; {ended} sign-ins ended")
    return 0


def _password(name: str, place: Path | None) -> str:
    """The password from a file, or asked for twice without showing it. Raises ``PersonError`` and ``WeakPassword``."""
    if place is None:
        if not sys.stdin.isatty():
            raise PersonError(
                "there is nobody to ask for the password", "Use --password-file, or - for standard input."
            )
        password = getpass.getpass(f"Password for {name}: ")
        if getpass.getpass("Once more: ") != password:
            raise PersonError("the two passwords are not the same")
    else:
        try:
            if str(place) == "-":
                raw = sys.stdin.buffer.read(_LONGEST_FILE)
            else:
                with place.open("rb") as file:
                    raw = file.read(_LONGEST_FILE)
            password = raw.decode().rstrip("\r\n")
        except OSError as error:
            raise PersonError(f"{place} cannot be read: {error.strerror}") from error
        except UnicodeDecodeError:
            raise PersonError(f"{place} is no text", "It holds the password alone, in UTF-8.") from None
    check_password(password, name)
    return password


def _granted(grant: Grant) -> str:
    return f"{grant.role.value} of {grant.target.value} {grant.path}" if grant.path else f"{grant.role.value} of all"


def _words(grant: Grant) -> dict[str, Word]:
    return {"role": grant.role.value, "target": grant.target.value, "path": grant.path}


def _act(by: str | None, action: Action, person: Person, details: dict[str, Word]) -> Act:
    return Act(user_name(by), None, action, f"person {person.id}", details={"name": person.username, **details})


def _document(person: Person, grants: Sequence[Given]) -> dict[str, Any]:
    return {
        "id": person.id,
        "username": person.username,
        "name": person.name,
        "issuer": person.issuer,
        "gitlab_user_id": person.gitlab_user_id,
        "grants": [
            {"id": given.id, **_words(given.grant), "by": given.granted_by, "at": _time(given.granted_at)}
            for given in grants
        ],
        "signed_in_at": _time(person.signed_in_at),
        "seen_at": _time(person.seen_at),
        "disabled_at": _time(person.disabled_at),
    }


def _time(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z") if moment is not None else None
