"""Tests of running scanners and of reading what they say."""
