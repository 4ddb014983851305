"""The publishing addresses of the Graph API and of its upload host."""
