"""Google as an uploader meets it: OAuth 2.0 and the YouTube Data API v3.

`platform` joins the parts and owns the state; `oauth` decides who may do what;
`youtube` holds channels, videos and quota; `uploads` is the front end that takes files.
Where the real behaviour is not established, `switches` makes it a choice.
"""
