"""
Which of a scanner's findings cannot be, because everything that reaches the place is written in the source itself.

Semgrep follows data through a function, but takes every branch and every entry of a container for possible and knows no
other function. This looks once more at the places where it says that something from outside arrives: an abstract
interpretation of the enclosing function (P. and R. Cousot, 1977) in which constant conditions decide, containers keep
their entries apart and helpers of the same file are entered. A finding is only taken back when that proves it wrong.
"""

from scanners.flow.judgement import LANGUAGES, Place, digest, refuted

__all__ = ["LANGUAGES", "Place", "digest", "refuted"]
