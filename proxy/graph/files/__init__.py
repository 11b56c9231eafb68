"""Readers of files: bulk-loader CSV, exports, compressed text."""
