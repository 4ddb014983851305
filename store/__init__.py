"""The database: tables, engine, migrations, vault and every query.

All SQL lives here. Queries are functions that take a `Session` first and never commit:
the caller's `store.write()` block does, so that what belongs together lands together.
"""
