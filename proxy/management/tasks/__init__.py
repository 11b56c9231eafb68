"""Tasks of jobs, a module for each kind. They run in the job's own process, not in the proxy."""
