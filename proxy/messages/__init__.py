"""Text that people read: nothing in it moves a terminal's cursor, no address tells a password, and
what the operating system says of a failure is a sentence.

Every part of the proxy may use it, so it stands below all of them and does no input or output.
"""
