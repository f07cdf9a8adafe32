"""Takes pictures of docs/ from a running page: `.venv/bin/python docs/screenshot.py http://localhost:7860 PASSWORD`.

PASSWORD is the page's JIAWEN_EDITOR_PASSWORD; the newest run in its runs/ is the one shown.
"""

import shutil
import sys
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

QUESTION = "嘉峪关长城博物馆被命名为什么基地？"
FOLDER = Path(__file__).parent


def ask(page: Page, question: str) -> None:
    """Asks and waits for the answer and what follows it."""
    page.locator("#log > :is(.welcome, .turn)").first.wait_for()  # before the server's state has come nothing is asked
    page.locator("#question").fill(question)
    page.locator("#question").press("Enter")
    page.locator(".turn").last.locator(".verdict").wait_for()
    page.wait_for_timeout(1500)


with sync_playwright() as playwright:
    browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])

    page = browser.new_page(viewport={"width": 1200, "height": 720}, locale="zh-CN")
    page.goto(sys.argv[1])
    ask(page, QUESTION)
    page.locator("a.chip").click()
    page.locator("#cited").wait_for()
    page.screenshot(path=FOLDER / "screenshot.png")

    page = browser.new_page(viewport={"width": 1000, "height": 720}, locale="en-US", color_scheme="dark")
    page.goto(sys.argv[1])
    ask(page, QUESTION)
    page.locator("a.chip").hover()
    page.screenshot(path=FOLDER / "screenshot-dark.png")

    page = browser.new_page(viewport={"width": 360, "height": 740}, locale="zh-CN", is_mobile=True, has_touch=True)
    page.goto(sys.argv[1])
    ask(page, "番茄炒蛋怎么做？")
    page.screenshot(path=FOLDER / "screenshot-phone.png")
    ask(page, QUESTION)
    page.locator("a.chip").tap()
    page.locator("#cited").wait_for()
    page.screenshot(path=FOLDER / "screenshot-reader.png")

    page = browser.new_page(viewport={"width": 1200, "height": 900}, locale="zh-CN")
    page.goto(f"{sys.argv[1]}/#evaluate")
    page.locator("#evaluate .sign").click()
    page.locator("dialog input").fill(sys.argv[2])
    page.keyboard.press("Enter")
    page.locator("#run .plots").wait_for()
    page.mouse.move(600, 5)
    page.wait_for_timeout(300)
    page.screenshot(path=FOLDER / "screenshot-evaluate.png")
    browser.close()
