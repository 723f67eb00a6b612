"""The HTTP API for machines, version 1, and the finding's page for people."""

from bot.web.api.routes import ApiDependencies, add_api

__all__ = ["ApiDependencies", "add_api"]
