"""Evidence packs: made from a store, the same each time, and every change of one is named."""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import SecretStr
from sqlalchemy import insert
from sqlalchemy.orm import Session

from bot.domain.audit import COLUMNS, Act, Action, Head, chained
from bot.domain.maturity import evidence_pack as packs
from bot.domain.maturity.attestation import attachment, made
from bot.domain.maturity.evidence_pack import PackError
from bot.domain.maturity.model import Area, Attest, Item, Model, Probe, Text
from bot.domain.maturity.model_file import model_from_json, model_to_json
from bot.domain.maturity.period import PeriodKind, period_of
from bot.domain.maturity.scope import ORGANISATION, Scope
from bot.model_files import shipped_models
from bot.observability.metrics import Metrics
from bot.pipeline.maturity.evidence_pack import Packed, check_pack, make_pack
from bot.pipeline.maturity.snapshots import take
from bot.pipeline.maturity.summaries import SummaryMissing
from bot.pipeline.signing import PublicKey, signer
from bot.services import Services
from bot.settings import Settings
from bot.store import audit, policies
from bot.store.desk_tables import AuditEntryRecord, AuditHeadRecord
from bot.store.engine import session, write_session
from bot.store.maturity import attestations, counting
from bot.store.projects import Project, upsert_projects
from bot.store.statements import table
from bot.texts import Language
from tests.domain.maturity import worlds
from tests.domain.maturity.worlds import SCANNED
from tests.reports.golden import assert_golden
from tests.store.counting import counted
from tests.store.maturity.story import Story

CAICT = "caict-ydt3763-6"
ENGLISH, CHINESE = Language.ENGLISH, Language.CHINESE
MARCH = period_of(PeriodKind.MONTH, date(2026, 3, 1))
NOW = datetime(2026, 4, 2, 6, tzinfo=UTC)
HOSTILE = '=HYPERLINK("http://x")<script>alert(1)</script>\u202e'


def hostile_model() -> Model:
    """Names that no file should have, two of them alike, without levels of evidence."""
    text = Text(HOSTILE, HOSTILE)
    demands = (
        worlds.demand("a-2-01", Probe("scanned", 1.0)),
        worlds.demand("a-2-02", Attest()),
    )
    others = (replace(demands[0], id="b-2-01"),)
    items = (
        Item("a", Text("../../CON", "..\\..\\nul"), text, demands, evidence="../../etc/passwd"),
        Item("b", Text("..:..:con", "..\\..\\nul"), text, others, evidence="..:..:ETC/passwd"),
    )
    bare = Model("odd", "1", text, text, "x", worlds.model().scheme, worlds.LEVELS, (Area("area", text, items),), "")
    return model_from_json(model_to_json(bare))


def prepared(url: str, folder: Path) -> Services:
    """Two projects, one with a hostile path; findings, a scan's policy, attestations with a file, an audit log."""
    settings = Settings(data_dir=folder, database_url=SecretStr(url), gitlab_url="https://gitlab.example.com")
    services = Services(settings, Metrics())
    story = Story(services.store)
    policy = services.policy().policy
    with write_session(services.store) as writing:
        _log(writing)
        upsert_projects(writing, [Project(6, f"bank/{HOSTILE}", default_branch="main")])
        policies.keep_snapshot(writing, policy, datetime(2026, 3, 3, tzinfo=UTC))
    story.verdict(1, datetime(2026, 3, 3, 12, tzinfo=UTC))
    story.sees(datetime(2026, 3, 4, 12, tzinfo=UTC))
    days = {(number, date(2026, 3, 28)): dict(SCANNED) for number in (5, 6)}
    days[6, date(2026, 3, 28)] |= {"projects.sast": 0, "projects.assessed": 0}
    model = next(one for one in shipped_models() if one.id == CAICT)
    demand = next(demand for _, demand in model.demands if demand.id == "6.1-2-01")
    at = datetime(2026, 3, 1, tzinfo=UTC)
    file = attachment("../../x.txt", b"Who was trained.\n")
    with write_session(services.store) as writing:
        counting.keep_days(writing, days)
        for scope, with_file, said in ((ORGANISATION, file, demand), (Scope.of_project(6), None, demand)):
            text = f"We do it so. {HOSTILE}"
            word = made(
                said, model_id=CAICT, scope=scope, text=text, actor="ada", person_id=1, now=at, attachment=with_file
            )
            kept = attestations.add(writing, word, with_file)
            attestations.confirm(writing, kept.id, by="grace", by_id=2, at=at)
    take(services, MARCH, [model, hostile_model()], NOW)
    return services


def _log(writing: Session) -> None:
    """An audit log that began before the period: one act of each kind that matters to somebody."""
    before = chained([Act("ada", None, Action.SIGNED_IN, "ada")], Head(), datetime(2026, 2, 1, tzinfo=UTC))
    acts = [
        Act("ada", None, Action.FINDING_DECIDED, "finding 1", 5),
        Act("ada", None, Action.FINDING_DECIDED, f"finding 2 {HOSTILE}", 6),
        Act("ada", None, Action.POLICY_CHANGED, "policy"),
        Act("ada", None, Action.SIGNED_IN, "ada"),
    ]
    within = chained(acts, Head(before[-1].sequence, before[-1].digest), datetime(2026, 3, 5, tzinfo=UTC))
    entries = [*before, *within]
    rows = [{name: getattr(entry, name) for name in COLUMNS} for entry in entries]
    writing.execute(insert(table(AuditEntryRecord)), rows)
    last = entries[-1]
    writing.execute(insert(table(AuditHeadRecord)).values(id=1, sequence=last.sequence, digest=last.digest))


def pack(services: Services, scope: Scope = ORGANISATION, language: Language = ENGLISH, model: str = CAICT) -> bytes:
    return packed(services, scope, language, model)[0]


def packed(
    services: Services, scope: Scope = ORGANISATION, language: Language = ENGLISH, model: str = CAICT
) -> tuple[bytes, Packed]:
    stream = io.BytesIO()
    done = make_pack(services, scope, MARCH, model, language, stream, made_by="ann", now=NOW)
    return stream.getvalue(), done


def files_of(raw: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@dataclass(frozen=True)
class Made:
    """Packs that tests look at and change."""

    services: Services
    english: bytes
    chinese: bytes
    project: bytes
    key: PublicKey


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    folder = tmp_path_factory.mktemp("packs")
    services = prepared(f"sqlite:///{folder}/store.db", folder)
    yield Made(
        services,
        pack(services),
        pack(services, language=CHINESE),
        pack(services, Scope.of_project(6)),
        signer(services.settings).public,
    )
    services.close()


def test_the_names_are_those_that_assessors_want(site: Made) -> None:
    for language, raw in ((ENGLISH, site.english), (CHINESE, site.chinese)):
        names = "\n".join(files_of(raw)) + "\n"
        assert_golden(f"evidence/names.{language.value}.golden", names)


def test_the_same_store_gives_the_same_bytes_whoever_asks(site: Made) -> None:
    assert pack(site.services) == site.english


def test_a_pack_holds_what_is_behind_each_demand(site: Made) -> None:
    files = files_of(site.english)
    table = files["evidence/Overall_risk-Security_toolchain-2-01.csv"].decode("utf-8-sig")
    assert "demand,6.2-2-01," in table
    assert "counter,6.2-2-01,projects whose default branch was read within the last 14 days,,2," in table
    assert ",shop/backend," in table
    words = files["evidence/Overall_risk-Organisation_and_people-2-01.html"].decode()
    assert "We do it so." in words
    assert 'href="Overall_risk-Organisation_and_people-2-02.txt"' in words
    assert files["evidence/Overall_risk-Organisation_and_people-2-02.txt"] == b"Who was trained.\n"
    assert files["compliance-summary.pdf"].startswith(b"%PDF-")
    assert json.loads(files[packs.MODEL])["id"] == CAICT
    assert b"its text is not kept any more" in files[packs.POLICIES]  # the story's policy has no text
    for name in files:
        if name.startswith("evidence/"):
            assert f'href="{name}"'.encode() in files[packs.INDEX]


def test_what_strangers_wrote_neither_runs_nor_calculates(site: Made) -> None:
    for raw in (site.english, site.project):
        for name, content in files_of(raw).items():
            if name.endswith(".html"):
                assert b"<script" not in content, name
                assert "\u202e".encode() not in content, name
            if name.endswith(".csv"):
                assert b",=HYPER" not in content, name
                assert b'"=HYPER' not in content, name


def test_odd_names_of_a_model_stay_within_their_folder(site: Made) -> None:
    for language in Language:
        names = [name for name in files_of(pack(site.services, language=language, model="odd")) if "/" in name]
        inside = [name for name in names if name.startswith(packs.folder_of(language))]
        assert len(inside) == len({name.casefold() for name in inside}) == 4
        assert all(name.count("/") == 1 and ".." not in name and "\\" not in name for name in names)


@pytest.mark.parametrize("scope", [ORGANISATION, Scope.of_project(6), Scope.of_group("bank")], ids=str)
def test_a_pack_that_nobody_touched_is_whole(site: Made, tmp_path: Path, scope: Scope) -> None:
    place = tmp_path / "pack.zip"
    place.write_bytes(pack(site.services, scope))
    found = check_pack(place, [site.key])
    assert found.wrong == ()
    assert found.key == site.key.id
    assert found.manifest is not None
    assert found.manifest.scope == scope


PAGE = "evidence/Delivery-Configuration-3-01.html"
Files = dict[str, bytes]


def changed(files: Files) -> None:
    files[PAGE] = files[PAGE].replace(b"not met", b"met")


def longer(files: Files) -> None:
    files[PAGE] += b"x" * 100_000


def missing(files: Files) -> None:
    del files[PAGE]


def added(files: Files) -> None:
    files["evidence/Another.html"] = b"x"


def manifest_too(files: Files) -> None:
    changed(files)
    manifest = packs.read_manifest(files[packs.MANIFEST])
    mine = [
        replace(one, size=len(files[PAGE]), sha256=hashlib.sha256(files[PAGE]).hexdigest()) if one.path == PAGE else one
        for one in manifest.files
    ]
    files[packs.MANIFEST] = replace(manifest, files=tuple(mine)).to_bytes()


def unsigned(files: Files) -> None:
    del files[packs.ENVELOPE]


def rubbish(files: Files) -> None:
    files[packs.ENVELOPE] = b"{}"


@pytest.mark.parametrize(
    ("tamper", "said"),
    [
        (changed, f"{PAGE} was changed: it is not what the manifest says"),
        (longer, f"{PAGE} was changed: it is not what the manifest says"),
        (missing, f"{PAGE} is missing"),
        (added, "evidence/Another.html was added: the manifest does not name it"),
        (manifest_too, "manifest.json was changed: it is not the one that was signed"),
        (unsigned, "the signature does not hold: manifest.dsse.json is missing"),
        (rubbish, "the signature does not hold: it is no envelope: payload, payloadType and signatures are wanted"),
    ],
)
def test_every_change_is_named_by_the_command_and_by_the_script(
    site: Made, tmp_path: Path, tamper: Callable[[Files], None], said: str
) -> None:
    files = files_of(site.english)
    tamper(files)
    found = check_pack(written(tmp_path / "pack.zip", files), [site.key])
    assert found.wrong == (said,)
    done = run_script(unpacked(tmp_path / "pack", files))
    assert done.returncode != 0
    if "signature" not in said:
        assert said in done.stdout


def test_another_key_does_not_do(site: Made, tmp_path: Path) -> None:
    place = tmp_path / "pack.zip"
    place.write_bytes(site.english)
    other = PublicKey(Ed25519PrivateKey.generate().public_key())
    found = check_pack(place, [other])
    assert found.key == ""
    assert found.wrong[0].startswith("the signature does not hold: no signature on it fits")


def test_a_file_that_is_there_twice_is_named(site: Made, tmp_path: Path) -> None:
    place = written(tmp_path / "pack.zip", files_of(site.english))
    with zipfile.ZipFile(place, "a") as archive, pytest.warns(UserWarning, match="Duplicate name"):
        archive.writestr(PAGE, files_of(site.english)[PAGE])
    assert check_pack(place, [site.key]).wrong == (f"{PAGE} is there twice",)


@pytest.mark.parametrize("raw", [b"", b"PK", b"x" * 100, b"PK\x05\x06" + bytes(18)])
def test_what_is_no_pack_is_refused(tmp_path: Path, raw: bytes) -> None:
    place = tmp_path / "pack.zip"
    place.write_bytes(raw)
    with pytest.raises(PackError):
        check_pack(place, [])


def test_bytes_that_fall_over_anywhere_are_found(site: Made, tmp_path: Path) -> None:
    place = tmp_path / "pack.zip"
    for at in range(40, len(site.project), len(site.project) // 25):
        raw = bytearray(site.project)
        raw[at] ^= 0xFF
        place.write_bytes(raw)
        with suppress(PackError):
            assert check_pack(place, [site.key]).wrong or files_of(bytes(raw)) == files_of(site.project)


def test_the_script_needs_nothing_and_openssl_checks_the_signature(site: Made, tmp_path: Path) -> None:
    folder = unpacked(tmp_path / "pack", files_of(site.chinese))
    done = run_script(folder, "--signature", str(tmp_path / "signature"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "every file is as the manifest says" in done.stdout
    signed = (tmp_path / "signature" / "signed.bin").read_bytes()
    assert site.key.fits((tmp_path / "signature" / "signature.bin").read_bytes(), signed)
    assert "openssl pkeyutl -verify" in done.stdout


def test_who_took_a_pack_stands_in_the_audit_log(site: Made) -> None:
    _, done = packed(site.services)
    with session(site.services.store) as reading:
        last = audit.page(reading, audit.AuditFilter(action="export"), limit=1).entries[0]
    assert (last.actor, last.subject) == ("ann", "evidence pack of organisation")
    assert last.details["manifest"] == done.sha256


def test_the_audit_log_is_that_of_the_period_and_of_these_projects(site: Made) -> None:
    whole = files_of(site.english)[packs.AUDIT].decode().splitlines()
    assert [json.loads(line)["sequence"] for line in whole[:-1]] == [2, 3, 4, 5]
    assert set(json.loads(whole[-1])) == {"statement"}
    mine = files_of(site.project)[packs.AUDIT].decode().splitlines()
    assert [json.loads(line)["sequence"] for line in mine] == [3, 4]


def test_a_model_that_did_not_rate_is_refused_with_those_that_did(site: Made) -> None:
    with pytest.raises(PackError, match="did not rate") as refused:
        pack(site.services, model="dsomm")
    assert CAICT in str(refused.value.hint)
    with pytest.raises(SummaryMissing):
        make_pack(
            site.services,
            Scope.of_group("nobody"),
            MARCH,
            CAICT,
            ENGLISH,
            io.BytesIO(),
            made_by="ann",
            now=NOW,
        )


def test_statements_depend_on_what_is_asked_and_not_on_how_much_there_is(database_url: str, tmp_path: Path) -> None:
    services = prepared(database_url, tmp_path)
    pack(services)
    model = next(one for one in shipped_models() if one.id == CAICT)
    probes = sum(isinstance(demand.asks, Probe) for _, demand in model.demands)
    with counted(services.store) as sent:
        raw = pack(services)
    # At most two for each figure of each of the projects that are told of, here two.
    assert len(sent) <= probes * 2 * 2 + 40
    place = tmp_path / "pack.zip"
    place.write_bytes(raw)
    assert check_pack(place, [signer(services.settings).public]).wrong == ()
    services.close()


def written(place: Path, files: Mapping[str, bytes]) -> Path:
    with zipfile.ZipFile(place, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return place


def unpacked(folder: Path, files: Mapping[str, bytes]) -> Path:
    for name, content in files.items():
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
    return folder


def run_script(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-I", "-S", str(folder / packs.SCRIPT), *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env={"PYTHONIOENCODING": "utf-8"},
        check=False,
        timeout=60,
    )
