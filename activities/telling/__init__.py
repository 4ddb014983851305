"""Telling endpoints what happened."""
