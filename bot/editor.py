"""Who may change something here: whoever knows the password of JIAWEN_EDITOR_PASSWORD, for eight hours.

A session is a random token in the memory of this process and in a cookie that scripts cannot read and other sites
cannot send; and every request that changes something must come from a page of this site.
"""

import hmac
import math
import secrets
import time
from collections.abc import Callable
from hashlib import sha256
from ipaddress import IPv6Address, IPv6Network, ip_address

from fastapi import APIRouter, FastAPI, Request, Response
from pydantic import BaseModel, Field

from bot.shared import TooMany
from indexer.errors import JiawenError

_COOKIE = "jiawen_editor"
_SESSION = 8 * 3600  # seconds
_LONGEST_WAIT = 30.0  # seconds after a wrong password; the first costs one, each further one twice as much
_HOLDERS = 1000  # whose wrong passwords are remembered


class NotAllowed(JiawenError):
    """Only a person who has signed in may do this."""


class Editor:
    """The sessions of one server and the wrong passwords it was given. An empty password: nobody can sign in."""

    def __init__(self, password: str, clock: Callable[[], float] = time.monotonic) -> None:
        self.enabled = bool(password)
        self._password = _digest(password)
        self._clock = clock
        self._sessions: dict[str, float] = {}  # digest of a token → when it ends
        self._wrong: dict[str, tuple[int, float]] = {}  # holder → wrong passwords in a row, when he may try again

    def sign_in(self, password: str, address: str) -> str:
        """A token for the right password. Raises NotAllowed for a wrong one, TooMany in the wait after one."""
        self.require_enabled()
        now = self._clock()
        holder = _holder(address)
        times, again = self._wrong.pop(holder, (0, 0.0))
        wait = again - now
        if wait <= 0:
            if hmac.compare_digest(_digest(password), self._password):
                self._sessions = {one: end for one, end in self._sessions.items() if end > now}
                token = secrets.token_urlsafe(32)
                self._sessions[_digest(token).hex()] = now + _SESSION
                return token
            times, again = times + 1, now + min(2.0 ** min(times, 10), _LONGEST_WAIT)
        self._wrong[holder] = times, again  # the latest at the end
        if len(self._wrong) > _HOLDERS:
            del self._wrong[next(iter(self._wrong))]
        if wait > 0:
            seconds = math.ceil(wait)
            raise TooMany(f"密码刚才错了；请过 {seconds} 秒再试", f"wrong password before: try again in {seconds} s")
        raise NotAllowed("密码不对", "wrong password")

    def knows(self, token: str) -> bool:
        """The token is of a session that has not ended."""
        return self._sessions.get(_digest(token).hex(), 0.0) > self._clock()

    def sign_out(self, token: str) -> None:
        """Ends the session."""
        self._sessions.pop(_digest(token).hex(), None)

    def require_enabled(self) -> None:
        """Raises NotAllowed where no password is set."""
        if not self.enabled:
            raise NotAllowed(
                "编辑未启用；请设置环境变量 JIAWEN_EDITOR_PASSWORD 后重新启动",
                "editing is off: set the environment variable JIAWEN_EDITOR_PASSWORD and start anew",
            )


def _holder(address: str) -> str:
    """Who has the address: of IPv6 one has all of a /64, from each address of which he could guess anew."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if not isinstance(parsed, IPv6Address):
        return address
    return str(parsed.ipv4_mapped or IPv6Network((int(parsed), 64), strict=False))


def _digest(text: str) -> bytes:
    return sha256(text.encode("utf-8", "replace")).digest()


def _editor(request: Request) -> Editor:
    editor: Editor = request.app.state.editor
    return editor


def signed_in(request: Request) -> bool:
    """The request carries the cookie of a session."""
    return _editor(request).knows(request.cookies.get(_COOKIE, ""))


def from_this_site(request: Request) -> None:
    """A dependency. Raises NotAllowed for a request that changes something and was not made by a page of this site."""
    _, _, origin = request.headers.get("origin", "").partition("://")
    if request.method != "GET" and (not origin or origin != request.headers.get("host")):
        raise NotAllowed("请求不是来自本站的页面", "the request does not come from a page of this site")


def editor_only(request: Request) -> None:
    """A dependency. Raises NotAllowed unless someone who has signed in asks, from a page of this site."""
    _editor(request).require_enabled()
    from_this_site(request)
    if not signed_in(request):
        raise NotAllowed("请先登录", "sign in first")


class Password(BaseModel):
    """The body of POST /api/editor."""

    password: str = Field(max_length=1000)


def add_editor(app: FastAPI, password: str) -> None:
    """Gives the app its Editor and the routes to sign in and out: /api/editor."""
    app.state.editor = Editor(password)
    router = APIRouter(prefix="/api/editor")

    @router.get("")
    def state(request: Request) -> dict[str, bool]:
        return {"enabled": _editor(request).enabled, "signed_in": signed_in(request)}

    @router.post("")
    async def sign_in(body: Password, request: Request, response: Response) -> dict[str, bool]:
        from_this_site(request)
        token = _editor(request).sign_in(body.password, request.client.host if request.client else "")
        secure = request.url.scheme == "https"
        response.set_cookie(_COOKIE, token, max_age=_SESSION, httponly=True, samesite="strict", secure=secure)
        return {"enabled": True, "signed_in": True}

    @router.delete("")
    async def sign_out(request: Request, response: Response) -> dict[str, bool]:
        from_this_site(request)
        _editor(request).sign_out(request.cookies.get(_COOKIE, ""))
        response.delete_cookie(_COOKIE)
        return {"enabled": _editor(request).enabled, "signed_in": False}

    app.include_router(router)
