"""Jobs of the management API: their queue, their processes, their recovery."""
