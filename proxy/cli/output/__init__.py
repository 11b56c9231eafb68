"""Output of the commands: tables, progress, results, reports and the log."""
