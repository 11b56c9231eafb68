"""Commands that run a database alone, which other commands find where no other one is set."""
