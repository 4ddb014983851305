"""Who may do what: consent, codes, tokens.

`grants` knows the rules and no HTTP; `consent` is the pages a person sees, `tokens` the
endpoints a client calls, `identity` what a token says about its person.
"""
