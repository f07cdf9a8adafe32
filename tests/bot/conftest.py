"""A running `jiawen chat` whose editor may sign in, over a kb/ of its own; how async tests run."""

import asyncio
import inspect
import json
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.conftest import address_of, started

JIAWEN = str(Path(sys.executable).parent / "jiawen")
PASSWORD = "城门-open sesame"


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """LangChain's async tests run in a thread of their own: once a browser is open, Playwright's loop runs in this one."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    arguments = {name: pyfuncitem.funcargs[name] for name in inspect.signature(pyfuncitem.obj).parameters}
    with ThreadPoolExecutor(1) as own:
        own.submit(asyncio.run, pyfuncitem.obj(**arguments)).result()
    return True


@dataclass
class Desk:
    """The server, its content folder, and the cookie of whoever has signed in."""

    url: str
    kb: Path
    cookie: str = ""

    def __call__(
        self, method: str, path: str, body: object = None, origin: str | None = "", **query: object
    ) -> tuple[int, Any]:
        """(status, JSON) of /api/<path>; `origin` "" is this site's own, None is none."""
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json", "Cookie": self.cookie}
        if origin is not None:
            headers["Origin"] = origin or self.url
        address = f"{self.url}/api/{path}" + (f"?{urlencode(query)}" if query else "")
        request = urllib.request.Request(address, data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as response:
                self.cookie = (response.headers["Set-Cookie"] or self.cookie).split(";")[0]
                return response.status, json.load(response)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.load(error)

    def settled(self) -> dict[str, Any]:
        """The overview, once no rebuild is running and the index holds what the folder holds."""

        def whole() -> bool:
            held = {one["file"] for one in self("GET", "documents")[1]["documents"]}
            files = {path.relative_to(self.kb).as_posix() for path in self.kb.rglob("*") if path.is_file()}
            return held == {one for one in files if not one.startswith(".")}

        def idle() -> bool:
            return whole() and not self("GET", "documents/state")[1]["rebuilding"]

        def settled() -> bool:
            if not idle():
                return False
            time.sleep(1.2)  # the first look, or a burst of changes, has become a rebuild by then
            return idle()

        wait_for(settled)
        return self("GET", "documents")[1]


def wait_for(condition: Callable[[], object], seconds: float = 180) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.1)


@pytest.fixture(scope="session")
def running_desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    root = tmp_path_factory.mktemp("desk")
    kb = root / "kb"
    (kb / "馆").mkdir(parents=True)
    (kb / "馆/公告.md").write_text(
        "---\ntitle: 城市博物馆公告\nsource: 市报\npublished: 2024-04-16\n---\n\n# 城市博物馆公告\n\n## 开放\n\n"
        "城市博物馆每周一闭馆。门票是二十元，凭证半价。\n\n## 交通\n\n地铁二号线可到。",
        encoding="utf-8",
    )
    (kb / "guide.txt").write_text("Guide: the MUSEUM is closed on Mondays.", encoding="utf-8")
    subprocess.run([JIAWEN, "index"], cwd=root, check=True, capture_output=True)
    with started("chat", "--port", "0", cwd=root, JIAWEN_EDITOR_PASSWORD=PASSWORD) as process:
        yield Desk(address_of(process), kb)


@pytest.fixture
def visitor(running_desk: Desk) -> Desk:
    """Nobody has signed in."""
    return Desk(running_desk.url, running_desk.kb)


@pytest.fixture
def desk(running_desk: Desk) -> Desk:
    """An editor has signed in."""
    desk = Desk(running_desk.url, running_desk.kb)
    assert desk("POST", "editor", {"password": PASSWORD})[0] == 200
    return desk
