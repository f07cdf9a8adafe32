"""The chat page, in Gradio: it draws answers and hands questions on; it decides nothing."""

import re
from collections.abc import Iterator
from datetime import datetime
from html import escape
from typing import Any

import gradio as gr
from fastapi import FastAPI

from bot.answer import Answerer
from bot.live import Live
from bot.source import citation_address, source_address
from bot.types import Answer
from indexer.errors import JiawenError

_REMEMBERED = 200  # characters of an earlier question that a follow-up may lean on
STARTERS = 6  # questions offered on an empty page
# Plain names: Gradio would ask Google for any font it does not ship.
_FONT = ["PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", "sans-serif"]
# What Markdown, HTML or a link finder could take for markup; the rest stays as it is, for copying and reading aloud.
_MARKUP = re.compile(r"[\\`*_\[\]<>&~|$#@\n]|^\s*(?:[-+=]|\d+[.)])|:(?=//)|(?<=[wW])\.|!(?=\[)|^\s+")

# Citations are plain links to /source; here they open in the frame beside the chat instead of a new tab.
_HEAD = """
<script>
document.addEventListener("click", (event) => {
  const link = event.target.closest('a[href*="/source?"]');
  const frame = document.querySelector("#source iframe");
  if (!link || !frame) return;
  event.preventDefault();
  event.stopPropagation();
  frame.contentWindow.location.replace(new URL(link.getAttribute("href"), location.href));
  frame.focus({preventScroll: true});
  frame.scrollIntoView({block: "nearest", behavior: "smooth"});
}, true);
</script>
"""
_STYLE = """
#source iframe {
  width: 100%; height: min(76vh, 52rem);
  border: 1px solid var(--border-color-primary); border-radius: 8px;
}
#about { font-size: .875rem; opacity: .85; }
.message a[href*="/source?"] {
  display: inline-block; min-width: 1.8em; padding: 0 .35em; border-radius: .4em; text-align: center;
  text-decoration: none; background: var(--primary-100); color: var(--primary-800);
}
.message li a[href*="/source?"] { display: inline; padding: 0; background: none; text-decoration: underline; }
.message a[href*="/source?"]:focus-visible { outline: 2px solid var(--primary-600); }
"""


def mount_chat(app: FastAPI, live: Live) -> FastAPI:
    """The app with the chat page at /."""
    theme = gr.themes.Soft(font=_FONT, font_mono=["monospace"])
    mounted: FastAPI = gr.mount_gradio_app(
        app,
        chat_page(live),
        path="/",
        css=_STYLE,
        head=_HEAD,
        theme=theme,
        footer_links=[],
        max_file_size=0,
        ssr_mode=False,
    )
    return mounted


def chat_page(live: Live) -> gr.Blocks:
    """Chat on the left, the cited document on the right; below each other on a phone."""
    documents = list(live.bot.index.documents.values())
    starters = [question for document in documents for question in document.questions][:STARTERS]

    def respond(message: str, history: list[dict[str, Any]]) -> Iterator[tuple[str, Any]]:
        try:
            answer = live.bot.ask(message, earlier_questions(history))
        except JiawenError as error:
            yield plain(str(error)), gr.skip()
            return
        first = answer.citations[0] if answer.citations else None
        frame = source_frame(citation_address(first)) if first else gr.skip()
        drawn = ""
        for part in draw(answer):
            drawn += part
            yield drawn, frame

    with gr.Blocks(title="嘉问 Jiawen", fill_height=True, fill_width=True) as page:
        gr.Markdown(
            "# 嘉问 Jiawen\n有据可查的知识库问答：每句话都能点开原文。 Every sentence opens the passage it stands on."
        )
        with gr.Row():
            with gr.Column(scale=3, min_width=320):
                gr.ChatInterface(
                    respond,
                    chatbot=gr.Chatbot(
                        label="对话 Chat",
                        show_label=False,
                        height="62vh",
                        latex_delimiters=[],
                        buttons=[],  # the copy button would copy the Markdown
                        feedback_options=None,
                        allow_tags=False,
                    ),
                    textbox=gr.Textbox(
                        placeholder="输入问题，按回车 Ask a question",
                        label="问题 Question",
                        show_label=False,
                        submit_btn=True,
                    ),
                    examples=starters or None,
                    examples_label="可以这样问 Try",
                    additional_outputs=[
                        frame := gr.HTML(
                            source_frame(source_address(documents[0].id, 0, 0)), elem_id="source", render=False
                        )
                    ],
                    flagging_mode="never",
                    api_visibility="private",
                )
            with gr.Column(scale=2, min_width=320):
                frame.render()
        gr.Markdown(lambda: about(live.bot), elem_id="about")
    page.queue(default_concurrency_limit=2, max_size=64)
    return page


def earlier_questions(history: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """The user's turns of Gradio's history; content is a text, or a list of parts of which some are texts."""
    questions = []
    for turn in history:
        if turn["role"] == "user":
            content = turn["content"]
            parts = [content] if isinstance(content, str) else [part.get("text", "") for part in content]
            questions.append(("".join(parts)[:_REMEMBERED], ""))
    return questions


def about(bot: Answerer) -> str:
    """The line that says which index answers."""
    manifest = bot.index.manifest
    built = f"{datetime.fromisoformat(manifest.built_at):%Y-%m-%d %H:%M}"
    return (
        f"索引版本 Index version `{manifest.version}` · 建于 built {built} · "
        f"{manifest.documents} 篇文档 documents · {manifest.chunks} 段 passages"
    )


def draw(answer: Answer) -> Iterator[str]:
    """The answer as Markdown, a piece at a time: sentences with linked numbers, or the refusal and what is near."""
    links = {citation.number: citation_address(citation) for citation in answer.citations}
    for sentence in answer.sentences:
        yield plain(sentence.text)
        for number in sentence.citations:
            yield f" [\\[{number}\\]]({links[number]}) "
    if answer.refusal:
        yield f"**{plain(answer.refusal)}**"
        if answer.hits:
            yield "\n\n最接近的段落 Nearest passages：\n"
        for hit in answer.hits[:3]:
            address = source_address(hit.chunk.doc_id, hit.chunk.start, hit.chunk.end)
            words = " ".join(hit.chunk.text.split()).lstrip("# ")
            yield f"\n- [{plain(words[:60])}…]({address})"


def plain(text: str) -> str:
    """Text that Markdown and HTML show as it is: every mark that could mean something becomes a character reference."""
    return _MARKUP.sub(lambda match: "".join(f"&#{ord(character)};" for character in match[0]), text)


def source_frame(address: str) -> str:
    """The frame beside the chat, at that address."""
    address = address.removesuffix("#cited")  # a fragment would take the focus and scroll the chat
    return f'<iframe title="原文 Source" name="source" src="{escape(address)}"></iframe>'
