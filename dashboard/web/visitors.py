"""Identifies visitors by a random id in a cookie, the same for all pages in one browser."""

from flask import Flask, Response, g, request

from dashboard.web.random_ids import is_id, new_id

COOKIE = "visitor"
COOKIE_SECONDS = 30 * 24 * 3600


def register(server: Flask) -> None:
    """Gives every browser an id that cannot be guessed and that scripts cannot read."""

    @server.after_request
    def remember(response: Response) -> Response:
        # Only with pages, not with scripts and photos: shared caches must not store a visitor's cookie.
        if response.mimetype == "text/html" and request.cookies.get(COOKIE) != visitor():
            response.set_cookie(
                COOKIE, visitor(), max_age=COOKIE_SECONDS, httponly=True, samesite="Lax", secure=request.is_secure
            )
        return response


def visitor() -> str:
    """Returns the id of the visitor who sent the current request."""
    if "visitor" not in g:
        known = request.cookies.get(COOKIE, "")
        g.visitor = known if is_id(known) else new_id()
    return str(g.visitor)
