"""HTTP matters of every page: headers, cookies, request ids."""
