"""Runs: trained models, side by side."""

from __future__ import annotations

from gremlink.proxy.studio.runs.found import Run, run_of, runs

__all__ = ["Run", "run_of", "runs"]
