"""The page, in Gradio: a masthead, tabs and the parts. Gradio lays it out and themes it; page/*.js draws the answers.

Gradio's chatbot shows Markdown; it has no place for chips with their quotes, a reader, or a language that can be
switched. The parts here are plain HTML and scripts in page/, and they ask routes.py.
"""

from pathlib import Path

import gradio as gr
from fastapi import FastAPI

_PAGE = Path(__file__).parent / "page"
# Plain names: Gradio would ask Google for any font it does not ship.
_FONT = ["PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", "sans-serif"]
_STYLES = "".join(f'<link rel="stylesheet" href="/page/{name}.css">' for name in ("page", "tabs", "sources"))
_HEAD = f'{_STYLES}<link rel="modulepreload" href="/page/ask.js">'


def mount_page(app: FastAPI) -> FastAPI:
    """The app with the page at /."""
    mounted: FastAPI = gr.mount_gradio_app(
        app,
        page(),
        path="/",
        head=_HEAD,
        theme=gr.themes.Soft(primary_hue="blue", neutral_hue="slate", font=_FONT, font_mono=["monospace"]),
        footer_links=[],
        max_file_size=0,
        ssr_mode=False,
    )
    return mounted


def page() -> gr.Blocks:
    """The masthead over the parts, one of which page/tabs.js shows."""
    with gr.Blocks(title="嘉问 Jiawen", fill_width=True) as blocks:
        for name in ("masthead", "tabs", "ask", "sources"):
            part(name)
    return blocks


def part(name: str) -> gr.HTML:
    """page/<name>.html, brought to life by `start(element)` of page/<name>.js."""
    # With the origin: Chromium keeps a compiled function with the address it first ran at, also for another port.
    return gr.HTML(
        (_PAGE / f"{name}.html").read_text(encoding="utf-8"),
        elem_id=name,
        js_on_load=f"import(location.origin + '/page/{name}.js').then((module) => module.start(element))",
        apply_default_css=False,
    )
