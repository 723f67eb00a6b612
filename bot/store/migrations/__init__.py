"""The store's migrations, run by ``bot.store.migrate`` (no alembic.ini)."""
