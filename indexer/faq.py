"""Text → the questions that it asks and answers itself, as a page of frequent questions does."""

import re
from bisect import bisect_right

from indexer.text import heading_lines, sentence_spans
from indexer.types import KnownQuestion

# A line that may be a question, without its number and what says that it is one; what says so of an answer.
_NUMBER = r"(?:\d{1,3}[.．、)）]|[一二三四五六七八九十]{1,3}、|[(（][一二三四五六七八九十\d]{1,3}[)）])"
_SAYS = r"(?:问|Q)\d{0,3}[:：.、]"
_QUESTION = re.compile(
    rf"(?:#{{1,6}}\s+)?{_NUMBER}?\s*\**(?P<says>{_SAYS})?\**\s*(?P<question>\S.{{2,80}}?)[*#\s]*",
    re.IGNORECASE,
)
_ONLY_ASKS = re.compile(rf"\W{{0,4}}{_SAYS}.*[?？]\W{{0,4}}", re.DOTALL | re.IGNORECASE)
# 答：可以。 and 答：不用，带学生证就行。 say nothing without their question.
_YES_OR_NO = re.compile(
    r"\W{0,4}(?:答|A)\d{0,3}[:：.、]\W{0,4}(?:(?:也|都)?(?:[不没无]?(?:可以|能|会|是|行|用|需要?|必|要|对|收|有|得)|免费|暂[不无])[^，,。.；;！!\s]{0,4}"
    r"|yes|no)(?:[，,。.；;！!\s]|$)",
    re.IGNORECASE,
)
_LONGEST_LINE = 120  # characters
# What asks without a mark in a heading: 签约可以得到什么. A shorter one, 怎么签, would be like any question.
_ASKS = re.compile(r"什么|怎么|怎样|如何|哪[些里儿个种类]|多少|几[时点天年个次]|多[久长大]|为何|谁|[是能可]否|吗$")
_SHORTEST = 6  # characters
# 问：要钱吗？ 答：免费。 is two lines in one.
_LINE_END = re.compile(r"\n|\Z|(?<=[？?])[ \t*]{0,6}(?=(?:答|A)\d{0,3}[:：])", re.IGNORECASE)
_ANSWER = re.compile(r"\s{0,20}\**(?:答|A)\d{0,3}[:：.、]", re.IGNORECASE)
# What the title of such a page has around its subject: 关于社保卡的常见问题解答.
_OF_TITLE = re.compile(r"^关于|的?(?:办理|业务|热点|常见|有关|相关)*(?:问题|问答|疑问|答疑|解答|FAQ).*$", re.IGNORECASE)
_LONGEST_SUBJECT = 12  # characters
_LONGEST = 400  # characters of an answer that are held to its question


def asked_and_answered(title: str, text: str) -> list[KnownQuestion]:
    """The questions that begin a line, each with the answer behind or below it.

    One that does not name the subject of the page's title has it in front: 社保卡 before 可以代办吗？

    Such a line begins with 问 or Q, or ends with a question mark and has 答 or A behind or below it, or is a heading
    that asks. An answer ends before the next one or a heading, or with the last sentence that ends within 400
    characters.
    """
    subject = _OF_TITLE.sub("", title) if len(title) <= _LONGEST_LINE and _OF_TITLE.search(title) else ""
    subject = subject if len(subject) <= _LONGEST_SUBJECT else ""
    headings = {start for (start, _), _, _ in heading_lines(text)}
    asked = []  # (where the line begins, where what is behind it begins, the question)
    start = 0
    for line_end in _LINE_END.finditer(text):
        line = text[start : line_end.start()]
        match = _QUESTION.fullmatch(line.strip()) if len(line) <= _LONGEST_LINE else None
        if match and (match["says"] or _is_question(match["question"], start in headings, text, line_end.end())):
            asked.append((start, line_end.end(), match["question"]))
        start = line_end.end()
    bounds = sorted({*headings, *(start for start, _, _ in asked), len(text)})
    found = []
    for start, behind, question in asked:
        below = text[behind : bounds[bisect_right(bounds, start)]]
        spans = sentence_spans(below[: 2 * _LONGEST])
        ends = [last for _, last in spans if last - spans[0][0] <= _LONGEST]
        if ends:
            named = question if subject in question else subject + question
            found.append(KnownQuestion(named, below[spans[0][0] : ends[-1]], in_text=True))
    return found


def only_asks(sentence: str) -> bool:
    """It is a question that says so, **问：要钱吗？**, and no more; what answers it stands behind it."""
    return bool(_ONLY_ASKS.fullmatch(sentence))


def answers_yes_or_no(sentence: str) -> bool:
    """It is an answer that says so, 答：可以。, and means nothing without the question that stands before it."""
    return bool(_YES_OR_NO.match(sentence))


def _is_question(line: str, is_heading: bool, text: str, end: int) -> bool:
    if line[-1] in "？?":
        return is_heading or bool(_ANSWER.match(text, end))
    return is_heading and len(line) >= _SHORTEST and bool(_ASKS.search(line))
