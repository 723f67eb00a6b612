"""Verdict and findings as documents: notes, terminal text, SARIF, GitLab reports, HTML. Pure: values in, text out."""
