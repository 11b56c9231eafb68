"""The functions and classes that `import gremlink` offers, one module a thing.

Users import from `gremlink`, which loads these modules when something of theirs is used.
"""
