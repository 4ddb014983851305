"""Who may do what: the dialog, codes, tokens, permissions.

`tokens` knows every token and what it is worth; `grants` knows the rules of consent, and
neither knows HTTP. `dialog` is the page a person sees, `exchange` the endpoint that a
client calls with its secret, `inspection` what tells a client about tokens and permissions.
"""
