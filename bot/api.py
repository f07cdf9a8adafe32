"""FastAPI: /api/ask, /api/search, /api/health; /source, the page of a document; and the page at / with its routes."""

import asyncio
import contextlib
import socket
from pathlib import Path

import uvicorn
from fastapi import APIRouter, FastAPI, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse
from fastapi.staticfiles import StaticFiles
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.config import editor_password
from bot.content import Exists
from bot.documents import document_routes
from bot.editor import NotAllowed, add_editor
from bot.limits import Limits
from bot.live import Live
from bot.parts import parts
from bot.routes import Asked, page_routes
from bot.shared import NotFound, TooMany
from bot.source import source_page
from bot.wire import answer_to_json, hits_to_json
from indexer.errors import ContentError, JiawenError, QuestionError
from indexer.versions import kept_document

# Text of documents, questions and models may hold markup: whatever slips through, the browser asks no other host.
# Gradio needs inline scripts and eval for its templates.
CONTENT_SECURITY_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline';"
    " img-src 'self' data: blob:; font-src 'self' data:; media-src 'self' blob:; connect-src 'self' data: blob:;"
    " worker-src 'self' blob:; frame-ancestors 'self'; form-action 'self'; base-uri 'self'"
)
_STATUS = {  # of any other error: 503
    QuestionError: 400,
    ContentError: 400,
    NotAllowed: 403,
    NotFound: 404,
    Exists: 409,
    TooMany: 429,
}
PAGE = Path(__file__).parent / "page"  # scripts and styles of the page


class Policy:
    """An ASGI application that adds this site's headers to the responses of another one.

    Not a BaseHTTPMiddleware: that raises where no response comes, which is no error where the client has gone.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Adds the headers as the response begins."""

        async def add(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
                headers["X-Content-Type-Options"] = "nosniff"
                headers["Referrer-Policy"] = "no-referrer"
                headers.setdefault("Cache-Control", "no-cache")  # kept, but asked for again after an update
            await send(message)

        await self._app(scope, receive, add)


def create_app(live: Live) -> FastAPI:
    """The whole site: the routes, and the chat page at /."""
    app = FastAPI(title="Jiawen 嘉问", docs_url=None, redoc_url=None)  # their pages load scripts from another host

    @app.exception_handler(JiawenError)
    async def say_why(_: Request, error: JiawenError) -> JSONResponse:
        status = next((code for kind, code in _STATUS.items() if isinstance(error, kind)), 503)
        return JSONResponse({"error": str(error)}, status_code=status)

    @app.exception_handler(RequestValidationError)
    async def say_what_is_wrong(_: Request, error: RequestValidationError) -> JSONResponse:
        first = error.errors()[0]  # without its input, which may not be JSON again
        place = ".".join(map(str, first["loc"]))
        return JSONResponse({"error": f"请求不对 | bad request: {place}: {first['msg']}"}, status_code=422)

    app.add_middleware(Policy)
    app.add_middleware(Limits)
    add_editor(app, editor_password())
    app.include_router(api_routes(live))
    app.include_router(page_routes(live))
    app.include_router(document_routes(live))
    added = parts()
    for part in added:
        app.include_router(part.routes(live))
        app.mount(f"/page/{part.name}", StaticFiles(directory=part.folder))
    app.mount("/page", StaticFiles(directory=PAGE))

    from bot.ui import mount_page  # Gradio takes 5 s to import

    return mount_page(app, added)


def api_routes(live: Live) -> APIRouter:
    """The routes of the contract, and /source."""
    router = APIRouter()

    @router.get("/api/health")
    def health() -> dict[str, str | bool]:
        manifest = live.bot.index.manifest
        return {
            "status": "ok",
            "index_version": manifest.version,
            "built_at": manifest.built_at,
            "rebuilding": live.rebuild.running,
            "rebuild_error": live.rebuild.error,
        }

    @router.post("/api/ask")
    def ask(body: Asked) -> JSONResponse:
        return JSONResponse(answer_to_json(live.bot.ask(body.question, body.conversation())))

    @router.get("/api/search")
    def search(question: str, k: int = Query(10, ge=1, le=100)) -> JSONResponse:
        bot = live.bot
        return JSONResponse(hits_to_json(question, bot.search(question, k), bot.index.manifest.version))

    @router.get("/source")
    def source(
        doc_id: str, start: int = Query(0, ge=0), end: int = Query(0, ge=0), digest: str = Query("", max_length=64)
    ) -> HTMLResponse:
        documents = live.bot.index.documents
        now = documents.get(doc_id) or next((one for one in documents.values() if one.digest == digest), None)
        cited = now if now and digest in ("", now.digest) else kept_document(live.index, digest)
        if cited is None:
            raise NotFound("没有这篇文档", "no such document")
        return HTMLResponse(source_page(cited, start, end, now))

    return router


def serve(live: Live, host: str, port: int) -> None:
    """Serves until interrupted; a port in use is one clear line."""
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(128)  # with SO_REUSEADDR only this notices that another server has the port
    except OSError as error:
        raise JiawenError(
            f"不能在 {host}:{port} 提供网页：{error.strerror}；请换 --port 或 --host",
            f"cannot serve on {host}:{port} ({error.strerror}): choose another --port or --host",
        ) from error
    settings = uvicorn.Config(create_app(live), log_level="warning", timeout_graceful_shutdown=3)
    port = listener.getsockname()[1]
    name = f"[{host}]" if ":" in host else host
    print(f"嘉问 Jiawen → http://{name}:{port}  （Ctrl-C 停止 to stop）", flush=True)  # noqa: T201
    live.follow()
    with contextlib.suppress(KeyboardInterrupt):  # the documented way to stop
        asyncio.run(uvicorn.Server(settings).serve(sockets=[listener]))
    live.close()
