"""Takes docs/screenshot.png of the running page: `.venv/bin/python docs/screenshot.py http://127.0.0.1:7860`."""

import shutil
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

with sync_playwright() as playwright:
    browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
    page = browser.new_page(viewport={"width": 1200, "height": 820}, locale="zh-CN")
    page.goto(sys.argv[1])
    for question in (
        "嘉峪关长城博物馆被命名为什么基地？",
        "番茄炒蛋怎么做？",
        "全市有多少所中小学参加了思政课评比活动？",
    ):
        page.get_by_role("textbox").fill(question)
        page.keyboard.press("Enter")
        page.wait_for_timeout(2500)
    page.get_by_role("link", name="[1]").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_timeout(1000)
    page.screenshot(path=Path(__file__).parent / "screenshot.png")
    browser.close()
