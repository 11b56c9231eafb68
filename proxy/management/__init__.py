"""Neptune's management API over HTTP, and the jobs that do its work."""
