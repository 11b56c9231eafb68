"""Predicting a property of vertices or edges: a class, several classes, or a number.

`dataset` reads the target from an export; `methods` and the network compete,
`training.experiment` chooses among them on held-out rows, and `prediction` answers queries.
"""
