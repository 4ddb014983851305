"""The YouTube Data API v3: channels, videos and what belongs to them, and the quota.

`library` is what is remembered; `access` and `quota` decide whether a call may go on;
`metadata` whether a video is acceptable; `processing` what becomes of it with time.
"""
