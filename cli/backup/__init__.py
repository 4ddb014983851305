"""Backups of an installation: taken while it runs, restored while it does not."""
