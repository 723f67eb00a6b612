"""Tests of the rules: samples, catalogue, and the compiled packs on both of semgrep's engines."""
