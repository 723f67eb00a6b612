"""
The tests. Nothing here is installed.

Modules are compiled once, whatever the environment says. Images for containers often switch that off, and then every
process of the tests, and each that one of them starts, would compile everything anew: longer than most tests take.
"""

import os
import sys

sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
