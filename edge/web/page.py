"""The pages: small files from `pages/`, a decoder from `vendor/`, nothing from anywhere else."""

import hashlib
from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from edge.gateway import Gateway
from edge.web.lanes import lane_called

FOLDER: Final = Path(__file__).with_name("pages")
VENDOR: Final = Path(__file__).with_name("vendor")
_HTML: Final = "text/html; charset=utf-8"
_CSS: Final = "text/css; charset=utf-8"
_JS: Final = "text/javascript; charset=utf-8"
FILES: Final = {
    "/": (FOLDER / "status.html", _HTML),
    "/status.css": (FOLDER / "status.css", _CSS),
    "/status.js": (FOLDER / "status.js", _JS),
    "/icon.svg": (FOLDER / "icon.svg", "image/svg+xml"),
    "/signin": (FOLDER / "signin.html", _HTML),
    "/signin.css": (FOLDER / "signin.css", _CSS),
    "/signin.js": (FOLDER / "signin.js", _JS),
    "/lanes/{lane}/display": (FOLDER / "display.html", _HTML),
    "/display.css": (FOLDER / "display.css", _CSS),
    "/display.js": (FOLDER / "display.js", _JS),
    "/handheld": (FOLDER / "handheld.html", _HTML),
    "/handheld.css": (FOLDER / "handheld.css", _CSS),
    "/handheld.js": (FOLDER / "handheld.js", _JS),
    "/till": (FOLDER / "till.html", _HTML),
    "/till.css": (FOLDER / "till.css", _CSS),
    "/till.js": (FOLDER / "till.js", _JS),
    "/till_ask.js": (FOLDER / "till_ask.js", _JS),
    "/till_basket.js": (FOLDER / "till_basket.js", _JS),
    "/till_grid.js": (FOLDER / "till_grid.js", _JS),
    "/till_keys.js": (FOLDER / "till_keys.js", _JS),
    "/till_lines.js": (FOLDER / "till_lines.js", _JS),
    "/till_live.js": (FOLDER / "till_live.js", _JS),
    "/till_more.js": (FOLDER / "till_more.js", _JS),
    "/till_sheet.js": (FOLDER / "till_sheet.js", _JS),
    "/till_show.js": (FOLDER / "till_show.js", _JS),
    "/till_words.js": (FOLDER / "till_words.js", _JS),
    "/money.js": (FOLDER / "money.js", _JS),
    "/desk.js": (FOLDER / "desk.js", _JS),
    "/asking.js": (FOLDER / "asking.js", _JS),
    "/taps.js": (FOLDER / "taps.js", _JS),
    "/late.js": (FOLDER / "late.js", _JS),
    "/result.js": (FOLDER / "result.js", _JS),
    "/camera.js": (FOLDER / "camera.js", _JS),
    "/signals.js": (FOLDER / "signals.js", _JS),
    "/words.js": (FOLDER / "words.js", _JS),
    "/vendor/qr/decode.js": (VENDOR / "qr" / "decode.js", _JS),
    "/vendor/qr/index.js": (VENDOR / "qr" / "index.js", _JS),
}
HEADERS: Final = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self';"
    " connect-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-cache",
}
#: The handheld alone may look through the camera; nobody may listen or ask where it is.
CAMERA_PATHS: Final = frozenset({"/handheld"})


def routes(gateway: Gateway) -> list[Route]:
    """One route per file; they are read once, here. A lane that is not there has no display."""
    return [
        Route(path, _File(path, file.read_bytes(), kind, gateway).get, methods=["GET"])
        for path, (file, kind) in FILES.items()
    ]


class _File:
    def __init__(self, path: str, content: bytes, kind: str, gateway: Gateway) -> None:
        self._content = content
        self._gateway = gateway
        camera = "(self)" if path in CAMERA_PATHS else "()"
        powers = f"camera={camera}, microphone=(), geolocation=()"
        self._etag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
        self._headers = {
            **HEADERS, "permissions-policy": powers, "content-type": kind, "etag": self._etag,
        }  # fmt: skip

    async def get(self, request: Request) -> Response:
        if "lane" in request.path_params:
            lane_called(self._gateway, request.path_params["lane"])
        known = request.headers.get("if-none-match", "")
        if self._etag in known:  # a page that is loaded anew on a slow network
            return Response(status_code=304, headers=self._headers)
        return Response(self._content, headers=self._headers)
