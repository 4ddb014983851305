"""How the API is called, the same for every method: the query, the fields, the pages, the answer.

`document` is Google's own description, from which the rest reads what a method takes;
`bad_requests` has the words in which a call is refused.
"""
