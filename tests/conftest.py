"""What holds for every test."""

import os

# Before anything imports torch: two threads are plenty here, and the machine may be shared.
os.environ.setdefault("OMP_NUM_THREADS", "2")
