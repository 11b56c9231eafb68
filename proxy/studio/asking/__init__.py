"""Questions of the page Ask: put to the proxy, answered with names and reasons."""
