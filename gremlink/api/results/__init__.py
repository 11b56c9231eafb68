"""Results of the functions of the face: tables, and what a notebook draws."""
