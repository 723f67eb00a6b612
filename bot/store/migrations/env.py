"""Alembic's entry: always run through ``bot.store.migrate``, on the connection and in the transaction it hands over."""

from __future__ import annotations

from alembic import context

from bot.store.migrate import configuration_options

context.configure(connection=context.config.attributes["connection"], **configuration_options())
with context.begin_transaction():
    context.run_migrations()
