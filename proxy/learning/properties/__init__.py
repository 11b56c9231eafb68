"""Predicting a property of vertices or edges: classes, several of them at once, or numbers.

`target` and `dataset` say what is asked and read it from an export; `members` and the network are
the methods, `study` chooses among them on held-out rows, `training` writes the artifact, and
`predictor` answers from it without torch and without scikit-learn.
"""
