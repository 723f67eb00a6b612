"""Settings of the tests of reports."""

from hypothesis import settings

# A slow machine is not a broken report.
settings.register_profile("reports", deadline=None)
settings.load_profile("reports")
