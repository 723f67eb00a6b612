"""Tests of the constant analysis that takes findings back."""
