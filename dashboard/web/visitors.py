"""Who is asking: a random id in a cookie, the same for every page of one browser."""

from flask import Flask, Response, g, request

from dashboard.web.random_ids import is_id, new_id

COOKIE = "visitor"
COOKIE_SECONDS = 30 * 24 * 3600


def register(server: Flask) -> None:
    """Gives every browser an id of its own, which nobody can guess and no script can read."""

    @server.after_request
    def remember(response: Response) -> Response:
        # A page, not its scripts and photos: what may be cached for all must carry nobody's cookie.
        if response.mimetype == "text/html" and request.cookies.get(COOKIE) != visitor():
            response.set_cookie(
                COOKIE, visitor(), max_age=COOKIE_SECONDS, httponly=True, samesite="Lax", secure=request.is_secure
            )
        return response


def visitor() -> str:
    """The id of who sent the request in hand."""
    if "visitor" not in g:
        known = request.cookies.get(COOKIE, "")
        g.visitor = known if is_id(known) else new_id()
    return str(g.visitor)
