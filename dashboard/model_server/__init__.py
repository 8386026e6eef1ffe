"""Client of the model server: requests, results, errors and the server's status."""
