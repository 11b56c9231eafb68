"""Trainings from the browser: what can be learned, how the properties are read, the form."""
