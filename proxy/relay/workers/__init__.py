"""Several processes on one port, and the one that starts them, asks them and keeps them running.

supervisor        the first process: management, signals, and a `process` for each worker
process           one worker as its supervisor sees it; started anew when it ends by itself
worker            a worker as it sees itself: the relay, and a socket for its supervisor
merged            the queries and the figures of all workers as those of one server
"""
