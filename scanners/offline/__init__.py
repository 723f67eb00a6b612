"""
Entry points of the child processes that run Python scanners: each is started as ``python -m scanners.offline.<tool>``.

They hold no rights (see ``scanners.isolation``) and must start fast, so they import the standard library, their tool,
and nothing else of ours that is heavy.
"""
