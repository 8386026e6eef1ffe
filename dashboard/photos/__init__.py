"""Photos: the data set's and the visitors', normalised, stored, searched."""
