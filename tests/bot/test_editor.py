"""Signing in: who may, for how long, how often one may guess, from where."""

import time
import urllib.request

import pytest

from bot.editor import Editor, NotAllowed
from bot.shared import TooMany
from tests.bot.conftest import PASSWORD, Desk


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_a_session_lasts_eight_hours_or_until_one_signs_out(clock: Clock) -> None:
    editor = Editor("密", clock)
    token, other = editor.sign_in("密", "a"), editor.sign_in("密", "a")
    assert token != other
    clock.now += 8 * 3600 - 1
    assert editor.knows(token)
    assert not editor.knows(token[:-1])
    assert not editor.knows("")
    editor.sign_out(token)
    assert not editor.knows(token)
    assert editor.knows(other)
    clock.now += 1
    assert not editor.knows(other)


def test_without_a_password_nobody_signs_in() -> None:
    editor = Editor("")
    with pytest.raises(NotAllowed, match="JIAWEN_EDITOR_PASSWORD"):
        editor.sign_in("", "a")


def test_each_wrong_password_makes_the_wait_longer_for_that_address_alone(clock: Clock) -> None:
    editor = Editor("密", clock)
    for wait in (1, 2, 4, 8, 16, 30, 30):
        with pytest.raises(NotAllowed, match="wrong password"):
            editor.sign_in("猜", "a")
        clock.now += wait - 0.1
        with pytest.raises(TooMany, match="try again in 1 s"):
            editor.sign_in("密", "a")
        editor.sign_in("密", "b")
        clock.now += 0.2
    assert editor.knows(editor.sign_in("密", "a"))
    with pytest.raises(NotAllowed):
        editor.sign_in("猜", "a")
    clock.now += 1.1
    editor.sign_in("密", "a")


@pytest.mark.parametrize(
    ("wrong", "same", "other"),
    [
        ("2001:db8::1", "2001:db8::ffff:1", "2001:db8:0:1::1"),
        ("192.0.2.1", "::ffff:192.0.2.1", "192.0.2.2"),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.1", "::ffff:192.0.2.2"),
    ],
)
def test_another_address_of_the_same_network_waits_too(clock: Clock, wrong: str, same: str, other: str) -> None:
    editor = Editor("密", clock)
    with pytest.raises(NotAllowed, match="wrong password"):
        editor.sign_in("猜", wrong)
    with pytest.raises(TooMany):
        editor.sign_in("密", same)
    editor.sign_in("密", other)


def test_many_addresses_are_forgotten_in_turn(clock: Clock) -> None:
    editor = Editor("密", clock)
    for number in range(1001):
        with pytest.raises(NotAllowed):
            editor.sign_in("猜", str(number))
    editor.sign_in("密", "0")
    with pytest.raises(TooMany):
        editor.sign_in("密", "1000")


CHANGES = [
    ("PUT", "documents"), ("DELETE", "documents"), ("POST", "rebuild"), ("POST", "versions/rollback"),
]  # fmt: skip
READS = [("GET", "versions"), ("GET", "versions/compare")]


@pytest.mark.parametrize(("method", "path"), [*CHANGES, *READS])
def test_only_an_editor_may(visitor: Desk, method: str, path: str) -> None:
    status, said = visitor(method, path, {} if method != "GET" else None)
    assert (status, said["error"]) == (403, "请先登录 | sign in first")


@pytest.mark.parametrize(("method", "path"), CHANGES)
@pytest.mark.parametrize("origin", [None, "null", "http://127.0.0.1:1", "https://evil.example", "http://[x"])
def test_only_from_this_site(desk: Desk, method: str, path: str, origin: str | None) -> None:
    status, said = desk(method, path, {}, origin)
    assert (status, "does not come from a page of this site" in said["error"]) == (403, True)
    assert visitor_of(desk)("POST", "editor", {"password": PASSWORD}, origin)[0] == 403
    assert desk("DELETE", "editor", None, origin)[0] == 403
    assert desk("GET", "editor")[1] == {"enabled": True, "signed_in": True}


def visitor_of(desk: Desk) -> Desk:
    return Desk(desk.url, desk.kb)


def test_signing_in_and_out(visitor: Desk) -> None:
    assert visitor("GET", "editor")[1] == {"enabled": True, "signed_in": False}
    status, said = visitor("POST", "editor", {"password": "wrong"})
    assert (status, said["error"]) == (403, "密码不对 | wrong password")
    for _ in range(3):  # a second between the two lets the right one in
        if (held := visitor("POST", "editor", {"password": PASSWORD})[0]) == 429:
            break
        visitor("POST", "editor", {"password": "wrong"})
    assert held == 429
    time.sleep(1.1)
    body = f'{{"password": "{PASSWORD}"}}'.encode()
    headers = {"Content-Type": "application/json", "Origin": visitor.url}
    with urllib.request.urlopen(urllib.request.Request(f"{visitor.url}/api/editor", body, headers)) as response:
        cookie = response.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert "Max-Age=28800" in cookie
    visitor.cookie = cookie.split(";")[0]
    assert visitor("GET", "versions")[0] == 200
    kept = visitor.cookie
    assert visitor("DELETE", "editor")[1]["signed_in"] is False
    visitor.cookie = kept
    assert visitor("GET", "versions")[0] == 403


def test_where_no_password_is_set_the_routes_say_how_to_set_one(site: str, running_desk: Desk) -> None:
    closed = Desk(site, running_desk.kb)
    assert closed("GET", "editor")[1] == {"enabled": False, "signed_in": False}
    for method, path, body in [*((*one, {}) for one in CHANGES), ("POST", "editor", {"password": ""})]:
        status, said = closed(method, path, body)
        assert (status, "JIAWEN_EDITOR_PASSWORD" in said["error"]) == (403, True)
