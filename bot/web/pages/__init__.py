"""The desk's pages: each module has ``routes(desk)`` and is listed in ``bot.web.desk``."""
