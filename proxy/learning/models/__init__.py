"""Networks, the only part that needs torch; DGL hides in `gnn.messages`."""

import os

# A thread that waits for work must not burn the core that another process needs: spinning makes
# training a hundred times slower on a busy machine. Read once, when torch is imported.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
