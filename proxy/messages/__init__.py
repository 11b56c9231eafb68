"""Text that people read: nothing in it moves a terminal's cursor, and no address tells a password.

Every part of the proxy may use it, so it stands below all of them and does no input or output.
"""
