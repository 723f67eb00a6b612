"""The figures that we promise, measured: ``python -m tests.benchmarks [name ...]``."""
