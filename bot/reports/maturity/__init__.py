"""Maturity and compliance as people read it: ratings, figures, summaries in every format. Pure."""
