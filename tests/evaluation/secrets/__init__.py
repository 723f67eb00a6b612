"""How well secrets are found, and how much is said that is none: ``python -m tests.evaluation.secrets``."""
