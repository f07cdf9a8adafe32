"""The page, in Gradio: a masthead, tabs and the parts. Gradio lays it out and themes it; page/*.js draws the answers.

Gradio's chatbot shows Markdown; it has no place for chips with their quotes, a reader, or a language that can be
switched. The parts here are plain HTML and scripts in page/, and they ask routes.py.
"""

from collections.abc import Sequence
from pathlib import Path

import gradio as gr
from fastapi import FastAPI

from bot.parts import Part

_PAGE = Path(__file__).parent / "page"
# Plain names: Gradio would ask Google for any font it does not ship.
_FONT = ["PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", "sans-serif"]


def mount_page(app: FastAPI, added: Sequence[Part]) -> FastAPI:
    """The app with the page at /."""
    styles = ["page", "tabs", "sources", *(f"{part.name}/{part.name}" for part in added)]
    links = "".join(f'<link rel="stylesheet" href="/page/{name}.css">' for name in styles)
    mounted: FastAPI = gr.mount_gradio_app(
        app,
        page(added),
        path="/",
        head=f'{links}<link rel="modulepreload" href="/page/ask.js">',
        theme=gr.themes.Soft(primary_hue="blue", neutral_hue="slate", font=_FONT, font_mono=["monospace"]),
        footer_links=[],
        max_file_size=0,
        ssr_mode=False,
    )
    return mounted


def page(added: Sequence[Part]) -> gr.Blocks:
    """The masthead over the parts, one of which page/tabs.js shows."""
    with gr.Blocks(title="嘉问 Jiawen", fill_width=True) as blocks:
        for name in ("masthead", "tabs", "ask", "sources"):
            draw(name, _PAGE, "/page")
        for one in added:
            draw(one.name, one.folder, f"/page/{one.name}")
    return blocks


def draw(name: str, folder: Path, address: str) -> gr.HTML:
    """<name>.html of the folder, brought to life by `start(element)` of <name>.js at that address."""
    # With the origin: Chromium keeps a compiled function with the address it first ran at, also for another port.
    return gr.HTML(
        (folder / f"{name}.html").read_text(encoding="utf-8"),
        elem_id=name,
        js_on_load=f"import(location.origin + '{address}/{name}.js').then((module) => module.start(element))",
        apply_default_css=False,
    )
