"""The technician's page: four small files from `pages/`, and nothing from anywhere else."""

from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

FOLDER: Final = Path(__file__).with_name("pages")
FILES: Final = {
    "/": ("status.html", "text/html; charset=utf-8"),
    "/status.css": ("status.css", "text/css; charset=utf-8"),
    "/status.js": ("status.js", "text/javascript; charset=utf-8"),
    "/icon.svg": ("icon.svg", "image/svg+xml"),
}
HEADERS: Final = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self';"
    " connect-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-cache",
}


def routes() -> list[Route]:
    """One route per file; they are read once, here."""
    return [
        Route(path, _File((FOLDER / name).read_bytes(), kind).get, methods=["GET"])
        for path, (name, kind) in FILES.items()
    ]


class _File:
    def __init__(self, content: bytes, kind: str) -> None:
        self._content = content
        self._headers = {**HEADERS, "content-type": kind}

    async def get(self, _request: Request) -> Response:
        return Response(self._content, headers=self._headers)
