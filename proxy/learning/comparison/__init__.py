"""Trained models beside each other, on the elements that all of them held out."""
