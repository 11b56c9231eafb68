"""Reports of trainings: figures, charts, pages."""
