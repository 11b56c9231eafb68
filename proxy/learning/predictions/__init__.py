"""All predictions of a model at once: rows in batches, and files of them."""
