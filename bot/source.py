"""The page of one document, with the cited span marked: where every citation leads."""

from html import escape
from urllib.parse import urlencode

from indexer.text import heading_lines
from indexer.types import Document

_STYLE = """
:root { color-scheme: light dark; }
body {
  font: 16px/1.8 "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif;
  margin: 0 auto; max-width: 44rem; padding: 1rem; overflow-wrap: anywhere;
}
h1 { font-size: 1.25rem; line-height: 1.4; } h2, h3, h4, h5, h6 { font-size: 1.05rem; }
.about { opacity: .75; font-size: .875rem; } p { margin: .6rem 0; white-space: pre-wrap; overflow-wrap: anywhere; }
mark { background: #ffe27a; color: #1a1a1a; border-radius: .2rem; scroll-margin: 30vh; outline: none; }
"""


def source_address(doc_id: str, start: int, end: int) -> str:
    """The address of a document on this site, with text[start:end] marked."""
    return f"/source?{urlencode({'doc_id': doc_id, 'start': start, 'end': end})}#cited"


# Without a fragment the page still opens on the marked text, but leaves the focus where the reader has it.
_SCRIPT = """<script>
const cited = document.getElementById("cited");
if (cited && !location.hash) scrollTo(0, cited.getBoundingClientRect().top + scrollY - innerHeight * .3);
</script>"""


def source_page(document: Document, start: int, end: int) -> str:
    """The whole document as a page of its own, the span [start:end] marked with id `cited`; every text escaped."""
    text = document.text
    headings = {span[0]: (level, title) for span, level, title in heading_lines(text)}
    blocks = (
        [] if document.title in (title for _, title in headings.values()) else [f"<h1>{escape(document.title)}</h1>"]
    )
    anchor = ' id="cited" tabindex="-1"'
    line_start = 0
    for line in text.split("\n"):
        level, shown = headings.get(line_start, (0, line))
        left = line_start + line.index(shown)
        right = left + len(shown)
        low, high = max(left, start), min(right, end)
        inner = escape(shown)
        if low < high:
            marked = f"<mark{anchor}>{escape(text[low:high])}</mark>"
            inner = escape(text[left:low]) + marked + escape(text[high:right])
            anchor = ""
        if shown.strip():
            tag = f"h{level}" if level else "p"
            blocks.append(f"<{tag}>{inner}</{tag}>")
        line_start += len(line) + 1
    about = " · ".join(escape(value) for value in (document.source, document.published, document.id) if value)
    return (
        '<!doctype html><html lang="zh"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{escape(document.title)}</title><style>{_STYLE}</style>"
        f'<p class="about">{about}</p>' + "\n".join(blocks) + _SCRIPT
    )
