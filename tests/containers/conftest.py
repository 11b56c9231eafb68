"""Images and the compose file in a real Docker; `make test-docker` runs this. Without TEST_DOCKER
nothing is collected."""

import os

collect_ignore_glob = [] if os.environ.get("TEST_DOCKER") else ["test_*"]
