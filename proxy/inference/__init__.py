"""`Neptune#ml.*` in a traversal: find it, check it, plan it, rewrite it. No I/O.

`answer` is the whole way of one request as a generator: it yields the queries and predictions that
it needs and returns the request that goes to the database instead of the client's.
"""
