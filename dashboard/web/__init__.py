"""HTTP for all pages: headers, cookies, request ids."""
