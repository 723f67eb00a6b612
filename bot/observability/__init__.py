"""Logs and metrics: what an operator can see of a running Mergewarden."""
