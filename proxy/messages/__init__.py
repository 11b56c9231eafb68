"""Text for people: controls are escaped, passwords in addresses hidden, system errors in sentences.

The package is below all others and does no input or output.
"""
