"""Decisions as pure functions: what changed, new or old, policy, gate; and the values they speak of."""
