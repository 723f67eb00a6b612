"""
Several jobs that write to one place, each by what all of them have stored.

GitLab has no compare-and-set for a commit status: between a job's look at the others and its own post, another one may
have looked and posted. Whoever posts last may then be the one who knows least.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

_T = TypeVar("_T")


def say_until_it_holds(wanted: Callable[[], _T], say: Callable[[_T], object]) -> None:
    """
    ``say`` what is ``wanted``, and again while it turns out to have changed meanwhile.

    Where every job first stores what it knows, then calls this, and ``wanted`` is the same function of what is stored
    for all, then what stands in the end is what is wanted in the end, in whatever order they went. For let X be the
    last who wrote: X looked again afterwards, and found what it had written. Who stored something after that look
    comes to ``say`` later still, sees what X wrote, and replaces it, so X was not the last.

    Ends when nobody stores anything any more. What the two functions raise is passed on.
    """
    said = wanted()
    say(said)
    while (now := wanted()) != said:
        said = now
        say(said)
