"""Periodic work of maturity: collect from GitLab, count days, take snapshots, make summaries, deliver them."""
