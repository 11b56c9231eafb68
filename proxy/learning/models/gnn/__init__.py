"""Message passing: the graph neural network's encoder and its mini-batches."""
