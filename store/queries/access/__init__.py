"""Tickets, connections and their credentials."""
