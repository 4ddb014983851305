"""The front end that takes files: resumable sessions, multipart and plain bodies.

It is the same for every method that has a file; what a file means is the business of a
`methods.UploadMethod`. `session` and `content_range` are the protocol without HTTP.
"""
