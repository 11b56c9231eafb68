"""Results of training that serving reads: NumPy only, never torch."""
