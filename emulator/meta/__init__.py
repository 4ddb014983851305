"""Meta as a publisher meets it: Facebook Login and the Graph API for Pages.

`platform` joins the parts and owns the state; `people` are the persons and their Pages;
`login` decides who may do what; `publishing` takes videos and reels; `graph` is what every
call goes through: version, ordered errors, usage. Where the real behaviour is not
established, `switches` makes it a choice.
"""
