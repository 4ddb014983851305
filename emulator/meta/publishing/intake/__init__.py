"""How bytes come in: forms, bodies, hashes, and the sessions they belong to."""
