"""Publishing on Pages: videos in chunks, Reels, and what becomes of both.

`library` is what is remembered and `processing` what time makes of it; `schedule` and
`metadata` decide what a client may ask for; `intake` takes bytes; `edges` are the
addresses of the Graph API, one file for each kind of thing that is asked there.
"""
