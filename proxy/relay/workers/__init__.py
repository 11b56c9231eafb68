"""Several processes on one port, and the one that starts, asks and restarts them.

supervisor        the first process: management, signals, and a `process` for each worker
process           one worker, from its supervisor's side; restarted when it crashes
worker            a worker, from its own side: the relay, and a socket for its supervisor
merged            queries and metrics of all workers as those of one server
"""
