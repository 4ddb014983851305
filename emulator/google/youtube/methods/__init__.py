"""The methods of the API, one file per resource, and how a resource is written.

Handlers take a `MethodCall`, which knows who calls and what is asked and has been charged, and
return the content of the answer; what is refused is raised as `GoogleError`. Methods that take
a file are `uploads.methods.UploadMethod`s instead.
"""
