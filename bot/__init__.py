"""The bot: GitLab, gate, store, reports, web; stands on ``scanners`` and ``rules``."""
