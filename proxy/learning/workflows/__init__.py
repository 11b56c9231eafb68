"""Commands' and jobs' entry points: process, train, load, transform, embeddings, results."""
