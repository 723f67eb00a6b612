"""Child processes: limits, a clean environment, and nothing left behind."""

from __future__ import annotations

import os
import signal
import socket
import sys
import time
from pathlib import Path

import pytest

from scanners.process import MEBIBYTE, run

PYTHON = sys.executable


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"


def _has_process_with(marker: str) -> bool:
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if marker.encode() in (entry / "cmdline").read_bytes():
                    return True
            except OSError:
                continue
    return False


def test_output_exit_code_and_errors_are_reported(tmp_path: Path) -> None:
    program = "import sys; print(sys.stdin.read().upper(), end=''); print('oops', file=sys.stderr); sys.exit(3)"
    completed = run([PYTHON, "-c", program], cwd=tmp_path, timeout=20, stdin=b"hello")
    assert (completed.exit_code, completed.stdout, completed.stderr_tail) == (3, b"HELLO", "oops\n")
    assert completed.ended_by_itself


@pytest.mark.parametrize("network", [True, False])
def test_standard_output_can_go_to_a_file_and_input_can_come_from_one(tmp_path: Path, network: bool) -> None:
    (tmp_path / "in").write_bytes(b"x" * 300_000)
    completed = run(
        ["cat"], cwd=tmp_path, timeout=20, stdin=tmp_path / "in", stdout_to=tmp_path / "out", network=network
    )
    assert (completed.exit_code, completed.stdout) == (0, b"")
    assert (tmp_path / "out").read_bytes() == b"x" * 300_000


@pytest.mark.parametrize("network", [True, False])
def test_a_child_that_takes_too_long_dies_with_its_grandchildren(tmp_path: Path, network: bool) -> None:
    marker = f"marker-{os.getpid()}-{network}"
    script = f"sh -c 'sleep 61; : {marker}' & sleep 62; : {marker}"
    started = time.monotonic()
    completed = run(["sh", "-c", script], cwd=tmp_path, timeout=0.5, network=network)
    assert completed.timed_out
    assert completed.exit_code == -signal.SIGKILL
    assert time.monotonic() - started < 5
    # SIGKILL has been sent, but the kernel takes a moment to bury the dead of a process table.
    patience = time.monotonic() + 3
    while _has_process_with(marker) and time.monotonic() < patience:
        time.sleep(0.05)
    assert not _has_process_with(marker)


def test_a_grandchild_that_left_the_process_group_dies_too(tmp_path: Path) -> None:
    marker = f"daemon-{os.getpid()}"
    completed = run(["sh", "-c", f"setsid sh -c 'sleep 63; : {marker}' & exit 0"], cwd=tmp_path, timeout=20)
    if not completed.network_denied:
        pytest.skip("this platform gives no process table of its own")
    time.sleep(0.1)
    assert not _has_process_with(marker)


def test_a_worker_that_is_killed_takes_its_children_along(tmp_path: Path) -> None:
    marker = f"orphan-{os.getpid()}"
    worker = (
        "import sys; from pathlib import Path; from scanners.process import run; print('up', flush=True);"
        f"run(['sh', '-c', 'echo > started; sleep 64; : {marker}'], cwd=Path(sys.argv[1]), timeout=60)"
    )
    # The worker is run by the code under test as well: it is the only way to start a process here.
    completed = run(
        [PYTHON, "-c", worker, str(tmp_path)],
        cwd=tmp_path,
        timeout=30,
        network=True,
        cancelled=lambda: (tmp_path / "started").exists(),
    )
    assert completed.cancelled
    deadline = time.monotonic() + 5
    while _has_process_with(marker) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _has_process_with(marker)


def test_a_child_is_stopped_when_nobody_wants_its_answer(tmp_path: Path) -> None:
    asked = iter([False, False, True])
    completed = run(["sleep", "60"], cwd=tmp_path, timeout=60, cancelled=lambda: next(asked))
    assert completed.cancelled
    assert completed.seconds < 10


def test_a_child_that_writes_without_end_is_killed(tmp_path: Path) -> None:
    completed = run(["yes"], cwd=tmp_path, timeout=20, stdout_limit=MEBIBYTE)
    assert completed.overflowed
    assert len(completed.stdout) <= MEBIBYTE


def test_nothing_of_our_environment_reaches_a_child(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MERGEWARDEN_GITLAB_TOKEN", "not-for-scanners")
    monkeypatch.setenv("HOME", "/home/somebody")
    for network in (True, False):
        completed = run(["env"], cwd=tmp_path, timeout=20, env={"ADDED": "yes"}, network=network)
        text = completed.stdout.decode()
        assert "not-for-scanners" not in text
        assert "MERGEWARDEN" not in text
        assert "/home/somebody" not in text
        assert "ADDED=yes" in text


def test_the_home_of_a_child_is_its_own_and_goes_with_it(tmp_path: Path) -> None:
    completed = run(["sh", "-c", "echo note > ~/file; cat ~/file; echo $HOME; echo $TMPDIR"], cwd=tmp_path, timeout=20)
    note, home, scratch = completed.stdout.decode().split()
    assert note == "note"
    assert home == scratch
    assert not Path(home).exists()


def test_a_child_reaches_no_network(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        program = f"import socket; socket.create_connection(('127.0.0.1', {port}), 2)"
        completed = run([PYTHON, "-c", program], cwd=tmp_path, timeout=20)
        if not completed.network_denied:
            pytest.skip("this platform cannot take the network away")
        assert completed.exit_code != 0
        assert "refused" in completed.stderr_tail
        # The same program does reach it when it may: the port is right.
        assert run([PYTHON, "-c", program], cwd=tmp_path, timeout=20, network=True).exit_code == 0


def test_a_child_has_a_loopback_of_its_own(tmp_path: Path) -> None:
    program = (
        "import socket; s = socket.create_server(('127.0.0.1', 0));"
        "c = socket.create_connection(s.getsockname(), 2); print('ok')"
    )
    assert run([PYTHON, "-c", program], cwd=tmp_path, timeout=20).stdout == b"ok\n"


def test_memory_is_limited(tmp_path: Path) -> None:
    program = "data = bytearray(400 * 2**20); print('got it')"
    greedy = run([PYTHON, "-c", program], cwd=tmp_path, timeout=20, memory_bytes=200 * MEBIBYTE)
    assert greedy.exit_code != 0
    assert "MemoryError" in greedy.stderr_tail
    assert run([PYTHON, "-c", program], cwd=tmp_path, timeout=20, memory_bytes=900 * MEBIBYTE).stdout == b"got it\n"


def test_processor_time_is_limited(tmp_path: Path) -> None:
    completed = run([PYTHON, "-c", "while True: pass"], cwd=tmp_path, timeout=30, cpu_seconds=1)
    assert completed.seconds < 15
    assert completed.exit_code < 0


def test_the_size_of_files_is_limited(tmp_path: Path) -> None:
    run(["sh", "-c", "head -c 3000000 /dev/zero > big"], cwd=tmp_path, timeout=20, file_bytes=MEBIBYTE)
    assert (tmp_path / "big").stat().st_size <= MEBIBYTE


def test_the_signal_that_killed_a_program_is_told(tmp_path: Path) -> None:
    assert run(["sh", "-c", "kill -SEGV $$"], cwd=tmp_path, timeout=20).exit_code == -signal.SIGSEGV


@pytest.mark.parametrize("network", [True, False])
def test_a_program_that_is_not_there_is_an_error(tmp_path: Path, network: bool) -> None:
    with pytest.raises(FileNotFoundError, match="no-such-scanner"):
        run(["no-such-scanner"], cwd=tmp_path, timeout=20, network=network)


def test_arguments_are_not_read_by_a_shell(tmp_path: Path) -> None:
    hostile = "$(touch hacked); `touch hacked`\n--"
    assert run(["printf", "%s", hostile], cwd=tmp_path, timeout=20).stdout.decode() == hostile
    assert not (tmp_path / "hacked").exists()


def test_a_module_in_the_working_folder_is_not_imported(tmp_path: Path) -> None:
    (tmp_path / "json.py").write_text("print('hacked')")
    completed = run([PYTHON, "-m", "scanners.offline.detect_secrets", "."], cwd=tmp_path, timeout=30)
    assert b"hacked" not in completed.stdout
    assert completed.exit_code == 0
