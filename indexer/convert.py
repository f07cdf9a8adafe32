"""HTML, Word and PDF → Markdown text: the headings stay headings, everything else is plain paragraphs and lists.

What is cited is this text, so emphasis, links and images leave no marks in it.
"""

import re
import unicodedata
import zipfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING

from indexer.dates import one_date

if TYPE_CHECKING:
    from bs4 import Tag

_LARGEST_UNPACKED = 256 * 1024 * 1024  # bytes of a Word file's parts together; more is a bomb
_HAN = "\u3000-\u303f\u3400-\u9fff\uff00-\uffef"
_WRAPPED = re.compile(rf"(?<=[{_HAN}])[ \t]*\n[ \t]*(?=[{_HAN}])")
_GAP = re.compile(r"[ \t\r\n]{200,}")  # markdownify takes a time that grows with the square of one: 40,000 take 10 s
_PLAIN_TAGS = ["a", "b", "strong", "i", "em", "u", "s", "del", "img", "sub", "sup", "code", "mark", "span"]
_BLOCKS = ["p", "div", "li", "td", "th", "blockquote", "pre", "section", "article", "main", "body"]
_AROUND = ["script", "style", "noscript", "template", "nav", "aside", "select", "textarea", "button", "iframe"]
# Names that Chinese government sites give an article's facts (国务院办公厅《政府网站发展指引》, 2017).
_META = {"title": "articletitle", "source": "contentsource"}
_PUBLISHED = ("pubdate", "publishdate", "article:published_time", "date")  # the surest first
# Compatibility forms that PDF makers put in place of the characters themselves: radicals and ligatures.
_COMPATIBILITY = re.compile("[\u2e80-\u2fdf\ufb00-\ufb06]")
_TERMINATED = re.compile(r"[。！？!?…：:；;.][”’」』）)》]*$")
_ITEM = re.compile(
    r"(?:[一二三四五六七八九十]{1,3}、|[(（][一二三四五六七八九十\d]{1,3}[)）]|第[一二三四五六七八九十百\d]{1,5}[章节条])"
)
_NAME = re.compile(r"(?:\D|(?:19|20)\d\d(?=年)|\d{1,2}(?=月)){1,20}")  # of a column: 2025年标准, no other number
# What programs write for a PDF's title: Microsoft Word - 通知.docx, about:blank.
_OF_PROGRAMS = re.compile(r"^Microsoft \w+ - |\.(?:docx?|wps|pptx?|xlsx?|html?|pdf|indd)$", re.IGNORECASE)
_NO_TITLE = re.compile(r"about:.*|(?:untitled|document|无标题|未命名|文档)[ \-_]?\d*", re.IGNORECASE)
_FULL = 0.85  # of the page's longest line: a line that long goes on in the next


class CannotConvert(Exception):
    """Why, as (中文, English): the reader adds the file and what to do."""

    def __init__(self, chinese: str, english: str) -> None:
        self.chinese, self.english = chinese, english
        super().__init__(english)


@dataclass(frozen=True, slots=True)
class Converted:
    """A file's text, what it says of itself, and where its pages begin."""

    text: str
    title: str = ""
    source: str = ""
    published: str = ""
    pages: tuple[int, ...] = ()


def from_html(markup: str) -> Converted:
    """The article of a page: `<main>` or `<article>` where there is one; no navigation, no scripts, no fields.

    A whole page may stand in one form, as ASP.NET writes it.
    """
    from bs4 import BeautifulSoup
    from bs4.element import PreformattedString
    from markdownify import MarkdownConverter

    try:
        soup = BeautifulSoup(markup, "lxml")
        said = [
            (str(tag.get("name") or tag.get("property", "")).lower(), str(tag.get("content", "")).strip())
            for tag in soup.find_all("meta")
        ]
        facts = {key: dict(said).get(name, "") for key, name in _META.items()}
        dates = [one_date(content for key, content in said if key == name) for name in _PUBLISHED]
        title = facts["title"] or (soup.title.get_text(" ", strip=True) if soup.title else "")
        for tag in soup(_AROUND):
            tag.decompose()
        whole = soup.body or soup
        articles = whole.find_all(["main", "article"])
        body = articles[0] if len(articles) == 1 and articles[0].get_text(strip=True) else whole
        # A byline stands before the paragraph of the first sentence; the days that sentences name are others.
        sentence = body.find(string=re.compile("。"))
        first = sentence.find_parent(_BLOCKS) if sentence else None
        times = first.find_all_previous("time") if first else body("time")
        dates.append(one_date(str(tag.get("datetime", "")) for tag in times if body in tag.parents))
        for tag in whole(["header", "footer"]) if body is whole else []:  # an article's own hold its title and date
            tag.decompose()
        for table in body("table"):
            _name_columns(table)
        for string in body.find_all(string=True):
            if not isinstance(string, PreformattedString):  # a comment, which as a plain string would be text
                string.replace_with(_WRAPPED.sub("", _GAP.sub(lambda gap: "\n\n" if "\n" in gap[0] else " ", string)))
        converter = MarkdownConverter(
            heading_style="ATX", bullets="-", strip=_PLAIN_TAGS,
            escape_asterisks=False, escape_underscores=False, escape_misc=False,
        )  # fmt: skip
        text = converter.convert_soup(body)
    except RecursionError:
        raise CannotConvert("标签嵌套太深", "its tags are nested too deep") from None
    except ValueError:  # markdownify takes `start` and `colspan` for numbers, whatever they are
        raise CannotConvert("列表或表格的编号不是数字", "a list or table is numbered with what is no number") from None
    return Converted(_tidy(text), title, facts["source"], next(filter(None, dates), ""))


def _name_columns(table: "Tag") -> None:
    """Of a table without names of columns, as Word leaves nearly all, the first row holds them if no cell has a number.

    A year or month is none, unless all cells have one. None may be empty or reach over others, as a table's title does.
    """
    rows = table("tr")
    cells = rows[0]("td") if len(rows) > 1 and not table("th") else []
    names = [cell.get_text(strip=True) for cell in cells]
    if (
        len(cells) > 1
        and all(map(_NAME.fullmatch, names))
        and not all(any(map(str.isdigit, name)) for name in names)
        and not any("colspan" in cell.attrs for cell in cells)
    ):
        for cell in cells:
            cell.name = "th"


def from_docx(raw: bytes) -> Converted:
    """A Word file's text with its headings, lists and tables."""
    import mammoth

    try:
        with zipfile.ZipFile(BytesIO(raw)) as parts:
            if sum(part.file_size for part in parts.infolist()) > _LARGEST_UNPACKED:
                raise CannotConvert("解压后过大", "it unpacks to more than 256 MB")
        result = mammoth.convert_to_html(
            BytesIO(raw),
            style_map="p[style-name='Title'] => h1:fresh\np[style-name='标题'] => h1:fresh",
            convert_image=mammoth.images.img_element(lambda image: {}),
        )
    except CannotConvert:
        raise
    except Exception as error:  # mammoth raises whatever its XML and zip readers do
        raise CannotConvert("不是完好的 Word 文件", f"not a sound Word file: {type(error).__name__}") from error
    return from_html(result.value)


def from_pdf(raw: bytes) -> Converted:
    """A PDF's text: lines joined to paragraphs, outline entries as headings, no running heads, no page numbers."""
    import pypdfium2

    try:
        with pypdfium2.PdfDocument(raw) as pdf:
            outline = {
                (one.get_dest().get_index(), _squeezed(_decoded(one.get_title))): one.level + 1
                for one in pdf.get_toc()
                if one.get_dest()
            }
            pages = [_lines(page.get_textpage().get_text_range()) for page in pdf]
            title = _OF_PROGRAMS.sub("", _decoded(lambda: pdf.get_metadata_value("Title")).strip())
    except pypdfium2.PdfiumError as error:
        protected = "password" in str(error).lower()
        raise CannotConvert(
            "有密码" if protected else "不是完好的 PDF", "it has a password" if protected else "not a sound PDF"
        ) from error
    pages = _without_running_lines(pages)
    if not any(pages):
        raise CannotConvert("没有文字（可能是扫描件）", "it holds no text (a scan?)")
    text, starts = "", []
    goes_on = False  # the paragraph goes on on the next page
    for number, lines in enumerate(pages):
        widest = max(map(_width, lines), default=0)
        starts.append(len(text) if goes_on or not text else len(text) + 2)
        for line in lines:
            if _ITEM.match(line) and _TERMINATED.search(text):  # however full the line before is
                goes_on = False
            level = outline.get((number, _squeezed(line)))
            if level:
                line, goes_on = f"{'#' * min(level, 6)} {line}", False
            text += (_joint(text, line) if goes_on else "\n\n" if text else "") + line
            goes_on = (
                not level and _width(line) >= _FULL * widest and not (line is lines[-1] and _TERMINATED.search(line))
            )
    title = "" if _NO_TITLE.fullmatch(title) else title
    return Converted(text, title, pages=tuple(min(start, len(text)) for start in starts))


def _decoded(get: Callable[[], str]) -> str:
    """A title; nothing for one that some program has cut inside an emoji."""
    try:
        return get()
    except UnicodeDecodeError:
        return ""


def _lines(text: str) -> list[str]:
    text = _COMPATIBILITY.sub(lambda match: unicodedata.normalize("NFKC", match[0]), text)
    text = re.sub(r"[\x02\ufffe]\s*", "", text)  # a hyphen at a line's end
    return [line for raw in text.splitlines() if (line := "".join(filter(_is_text, raw)).strip())]


def _is_text(character: str) -> bool:
    return character == "\t" or unicodedata.category(character) not in ("Cc", "Cn", "Cs")


def _squeezed(text: str) -> str:
    return re.sub(r"\s", "", text)


def _width(line: str) -> int:
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in line)


def _joint(text: str, line: str) -> str:
    """What stands between two lines of a paragraph: nothing where either side is Chinese."""
    return "" if any(unicodedata.east_asian_width(one) in "WF" for one in (text[-1], line[0])) else " "


def _without_running_lines(pages: list[list[str]]) -> list[list[str]]:
    """The pages without first and last lines that most pages share, and without one bare number at either end."""

    def key(line: str) -> str:
        return re.sub(r"\d+", "#", _squeezed(line))

    bare = re.compile(r"[-–—·第\s]*\d+[-–—·页\s]*(?:[/共]\s*\d+\s*页?)?")
    edges = Counter(
        name for lines in pages for name in {key(one) for one in (*lines[:1], *lines[-1:]) if not bare.fullmatch(one)}
    )
    running = {name for name, count in edges.items() if len(pages) > 2 and count > len(pages) / 2}

    def from_text_on(lines: list[str]) -> list[str]:
        numbers = 0  # a second one is of the text: the last column of a table, 2024 at the top of a page
        for at, line in enumerate(lines):
            is_number = bool(bare.fullmatch(line))
            numbers += is_number
            if key(line) not in running and (numbers > 1 or not is_number):
                return lines[at:]
        return []

    return [from_text_on(from_text_on(lines)[::-1])[::-1] for lines in pages]


def _tidy(text: str) -> str:
    """Without white space at line ends, without more than one empty line in a row."""
    lines = [line.rstrip(" \t") for line in text.replace("\xa0", " ").split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n") + "\n"
