"""What the server reads of a request before anything looks at it: so much of a body, and nothing for Gradio to write.

A body takes three times its size in memory once it is parsed, and Gradio would keep any file that a visitor sends.
"""

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_LARGEST = 16_000_000  # bytes: an export of 200 answers with their passages has 4 MB
_UPLOAD = ("PUT", "/api/documents")  # goes to the disk as it comes, under a limit of its own


class Limits:
    """An ASGI application that hands on what another one may read: 413 for a larger body, 404 for Gradio's writes."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Reads a body whole before it is handed on."""
        if scope["type"] != "http" or scope["method"] in ("GET", "HEAD") or (scope["method"], scope["path"]) == _UPLOAD:
            return await self._app(scope, receive, send)
        if scope["path"].startswith("/gradio_api/"):
            refused = JSONResponse({"error": "没有这个地址 | no such address"}, status_code=404)
            return await refused(scope, receive, send)
        body, more = bytearray(), True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
            if len(body) > _LARGEST:
                error = (
                    f"请求太大，最多 {_LARGEST // 1_000_000} MB | the request is larger than {_LARGEST // 1_000_000} MB"
                )
                return await JSONResponse({"error": error}, status_code=413)(scope, receive, send)
        pieces: list[Message] = [{"type": "http.request", "body": bytes(body), "more_body": False}]

        async def read() -> Message:
            return pieces.pop() if pieces else await receive()

        return await self._app(scope, read, send)
