"""The series: what its parts share, and what makes notebooks and pages of them."""
