"""Which passwords are good enough, and how they are kept."""

from __future__ import annotations

import pytest
from argon2 import PasswordHasher

from bot.domain.passwords import Passwords, WeakPassword, check_password

QUICK = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


@pytest.mark.parametrize(
    "password",
    [
        "",
        "short",
        "elevenchars",
        "a" * 20,
        "abababababab",
        "abcdefghijklmnop",
        "1234567890123",
        "password12345",
        "Password!2026",
        "administrator1",
        "my name is root!",
        "x" * 201,
        "qwerty123456!",
    ],
)
def test_a_password_that_is_easy_to_guess_is_refused(password: str) -> None:
    with pytest.raises(WeakPassword):
        check_password(password, "root")


@pytest.mark.parametrize("password", ["correct horse battery staple", "kT9#vQ2!mZ7x", "密码短语用十二个不同的汉字"])
def test_a_good_one_is_taken(password: str) -> None:
    check_password(password, "root")


def test_a_password_is_known_by_its_hash_alone() -> None:
    kept = QUICK.hash("correct horse")
    assert "horse" not in kept
    assert kept.startswith("$argon2id$")
    assert QUICK.is_right(kept, "correct horse")
    assert not QUICK.is_right(kept, "correct house")
    assert not QUICK.is_right("", "the password of nobody")
    assert not QUICK.is_right("no hash", "x")


def test_a_hash_of_weaker_parameters_is_made_anew() -> None:
    assert not QUICK.is_outdated(QUICK.hash("x"))
    assert Passwords().is_outdated(QUICK.hash("x"))
