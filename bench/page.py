"""First paint, transfer and first answer of the page: `.venv/bin/python bench/page.py http://127.0.0.1:7860`.

Prints JSON: milliseconds to the first contentful paint, to a page that takes a question, and from Enter to the first
words of the answer (median of RUNS, each in a browser that has cached nothing), and the bytes of the first visit.
"""

import json
import shutil
import statistics
import sys
import time

from playwright.sync_api import Browser, Request, sync_playwright

RUNS = 5
QUESTION = "嘉峪关长城博物馆被命名为什么基地？"


def visit(browser: Browser, url: str) -> dict[str, float]:
    page = browser.new_context(viewport={"width": 1280, "height": 780}).new_page()
    finished: list[Request] = []
    page.on("requestfinished", lambda request: finished.append(request))
    begun = time.perf_counter()
    page.goto(url)
    page.locator("#question:enabled").wait_for()
    page.locator(".welcome").wait_for()
    ready = time.perf_counter()
    sizes = [request.sizes() for request in finished]
    transferred = sum(size["responseBodySize"] + size["responseHeadersSize"] for size in sizes)
    page.locator("#question").fill(QUESTION)
    asked = time.perf_counter()
    page.locator("#question").press("Enter")
    page.locator(".said .sentence").wait_for()
    answered = time.perf_counter()
    paint = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
    page.context.close()
    return {"paint": paint, "ready": (ready - begun) * 1000, "answer": (answered - asked) * 1000, "bytes": transferred}


with sync_playwright() as playwright:
    chromium = playwright.chromium.launch(
        executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
    )
    rows = [visit(chromium, sys.argv[1]) for _ in range(RUNS)]
    chromium.close()
print(json.dumps({key: round(statistics.median(row[key] for row in rows)) for key in rows[0]}))
