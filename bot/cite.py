"""A model's text → its sentences with the passages they cite, also while the text is still coming.

What a sentence is follows indexer/text.py as far as a stream allows: a bracket left open holds its sentence together
for 100 characters, since nobody can know yet whether it will be closed.
"""

import re
from dataclasses import dataclass
from textwrap import dedent

from indexer.text import CLOSERS, sentence_goes_on

# Marks: [1] 【1】 ［1］ 〔1〕 [1,2] [1-3] [^1] 【1†source】 [来源：1] [1](#p) [[1]] （[1]） (见[1], [2]) **[1]** and
# <sup>[1]</sup>, up to twelve numbers. A longer one is a year, and (1) counts or names: 包括(1)甲(2)乙, (1)班.
_NUMBER = r"[ \t]{0,2}\^?\d{1,3}[ \t]{0,2}"
_LINK = r"\((?:#[^()\s]{0,40}|https?://[^()\s]{1,200})\)"
_SOURCE = r"†[^\]】\n]{0,40}"
_NAME = (
    r"(?:参考)?(?:来源|资料|材料|文献|文档|段落|片段|引用|出处|sources?|passages?|citations?|documents?|docs?|refs?)"
    r"[ \t]?[:：]?"
)
_NUMBERS = rf"{_NUMBER}(?:[,，、;；\-–—~～至和与及][ \t]?(?:{_NAME})?{_NUMBER}){{0,11}}"
_BARE = re.compile(rf"[\[［【〔](?:{_NAME})?({_NUMBERS})(?:{_SOURCE})?[\]］】〕](?:{_LINK})?", re.IGNORECASE)
_PARTS_MARKS = "，,、;；"
_BETWEEN_BEGUN = rf"[ \t]{{0,2}}(?:[{_PARTS_MARKS}和与及至~～–—-]|an?d?)?[ \t]{{0,2}}"
_BETWEEN = re.compile(_BETWEEN_BEGUN.replace("an?d?", "and"))  # two marks
_SEVERAL = rf"{_BARE.pattern}(?:{_BETWEEN.pattern}{_BARE.pattern}){{0,11}}"
_MARK = re.compile(
    r"[ \t]{0,2}(?:\*{2,3})?[ \t]?(?:<sup>)?"
    rf"(?:(?:[\[［【〔（(](?:{_NAME})?|[（(]参?见){_SEVERAL}[\]］】〕）)](?:{_LINK})?|{_BARE.pattern})"
    r"(?:\*{2,3}|</sup>)?",
    re.IGNORECASE,
)
_BEHIND = r"(?<=[\]］】〕）)])"  # a mark
_MARK_ENDS = "]］】〕）)*>"
_NEXT = rf"[{_PARTS_MARKS}][ \t]{{0,2}}"  # mark behind another one
_MARK_OR_LINK = re.compile(rf"(?:{_NEXT})?{_MARK.pattern}|{_BEHIND}(?:{_LINK}|\*\*|</sup>)", re.IGNORECASE)
_OF_NAMES = r"参考来源资料材文献档段落片引用出处A-Za-z:： \t"
_NAME_BEGUN = rf"[{_OF_NAMES}]{{0,12}}"
_BEGUN = re.compile(  # of a mark, or of what belongs to it
    rf"(?:{_NEXT})?\*{{0,3}}[ \t]?(?:</?s?u?p?>?)?"
    rf"(?:(?:[\[［【〔（(]{_NAME_BEGUN}|[（(]参?见)(?:{_SEVERAL}(?:\([^()\s]*)?{_BETWEEN_BEGUN})?)?"
    rf"(?:[\[［【〔]{_NAME_BEGUN}[\d^,，、;；\-–—~～至和与及{_OF_NAMES}]*(?:†[^\]】\n]*)?)?|{_BEHIND}\((?:[#h][^()\s]*)?",
    re.IGNORECASE,
)
# What a clause begins with only to name its passage: 根据[1]， 如[1]所示， [1]指出，
_NAMES_PASSAGE = (
    rf"(?<![^\s，,。；;：:-])(?:(?:根据|依据|按照|据|如)第?{_SEVERAL}[条段篇则]?(?:中?所[述示说载]|中?的?(?:内容|记载|说明|描述|介绍|信息))?"
    rf"|[ \t]?{_SEVERAL}(?:中?(?:指出|提到|显示|表明|记载|写道))?)[，,：:]"
)
_CODE_OR_MARK = re.compile(rf"`[^`\n]*`|{_NAMES_PASSAGE}|{_MARK.pattern}", re.IGNORECASE)
_INDEXED = re.compile(r"\.[A-Za-z_]|[ \t]*=|\(")  # x[1].y, a[2] = 3: code, where a letter stands before the bracket
_ONE_OR_RANGE = re.compile(r"(\d+)(?:\s*[-–—~～至]\s*\^?(\d+))?")
# A mark that the text's end cut short: 启动[1
_UNFINISHED = re.compile(rf"[ \t]*\*{{0,3}}[\[［【〔](?:{_NAME})?[\d^,，、;；–—~～至 \t-]*$", re.IGNORECASE)
_OPENS = "[［【〔"
_LONGEST_MARK = 250
_WIDEST_RANGE = 20  # passages: [1-999] cites nothing
_COUNTED = frozenset("年月日号")  # [24]年 is a year where there are not that many passages
_FENCE = re.compile(r"\s*(?:```|~~~)")
_TENS = "一二三四五六七八九十"
_LONGEST_BLOCK = 400  # characters of code that are one claim: lines behind these begin another
_QUOTED = re.compile(r"\s*>(?:[> \t]*>)?(?:[ \t]+|(?![\d=]))")  # >60岁 compares
_BULLET = r"[-*+•·]"
# What a list puts in front of its items; neither 三、四年级 nor 3.5万, (1)班 or ①②都可以 is numbered.
_NUMBERING = re.compile(
    rf"\s*(?:(?:{_BULLET}[ \t]+(?:\[[ xX]\][ \t]+)?|#{{1,6}}[ \t]+)|\d{{1,3}}(?:[.．](?!\d)|[)）]|、(?!\d))"
    rf"|[(（](?:\d{{1,3}}|[{_TENS}]{{1,3}})[)）](?!班)|[①-⑳](?![①-⑳、，,和与及至~-])|[{_TENS}]{{1,3}}、(?![{_TENS}]))\s*"
)
_DEEPEST = 12  # blanks before an item of a list that are kept
# What leads over to a claim or a source, or takes leave, and claims nothing. 是的 and 没有 claim something.
_NOTHING = (
    r"(?:好的?|当然(?:可以)?|答|回答|来源|出处|(?:参考|引用)(?:资料|来源|文献)?|请?注意|注|备注|(?:温馨|友情)?提示|总之|总的来说|综上(?:所述)?|因此|此外"
    r"|(?:根据|依据|按照)(?:以上|上述|所给|提供的)*(?:资料|材料|内容|信息)(?:可知)?|(?:具体|主要|内容|详情|情况)*如下|以上"
    r"|sure|of course|answer|(?:sources?|references?)|note|in (?:summary|short)|as follows"
    r"|according to the (?:material|passages?)"
    r"|(?:以上(?:信息|内容|回答|资料)?)?仅供(?:您)?参考|希望(?:以上|这些)?(?:信息|内容|回答)?(?:能)?(?:对您)?有所?帮助"
    r"|如果?您?(?:还?有|需要?)(?:其[他它]|任何|更多|进一步的?)?(?:问题|疑问|信息|帮助|需要)"
    r"|(?:请|欢迎)(?:您)?(?:随时)?(?:向我)?(?:咨询|联系|询问|提问|告诉我)(?:[相有]关(?:部门|单位))?"
    r"|(?:i )?hope (?:this|that) helps|(?:please )?feel free to ask"
    r"|(?:please )?let me know if you have (?:any )?(?:other |further |more )?questions)"
)
_RESIDUE = re.compile(r"^中(?:指出|提到|显示|表明|记载|写道)[，,：:]?")  # of [2]中提到
_LEADS_OVER = re.compile(rf"\W*{_NOTHING}(?:\W+{_NOTHING})*\W*", re.IGNORECASE)
# A line that only names what comes: 预约方式如下：
_NAMES_WHAT_COMES = re.compile(
    r"(?:以下[是为])?(?:(?:具体|主要|详细|[相有]关)的?)?(?:(?:办理|预约|报名|申请|参观|联系|咨询|购票|缴费|查询|领取|操作)?的?"
    r"(?:方式|方法|步骤|流程|渠道|途径)|时间|地点|地址|电话|内容|信息|情况|安排|事项|说明)(?:如下|包括|有|为)?[:：]"
)
# Markup that is taken off; 3*4*5, 长*宽*高, 2**3, 138****1234 and snake_case have none.
_CODE = re.compile(r"`([^`\n]+)`")
_ADDRESS = r"<?(?:(?:https?://|mailto:|tel:|www\.|\.{0,2}/)[^()\s]{0,300}(?:\([^()\s]{0,50}\)[^()\s]{0,100})?|[\w%./-]{1,200}\.\w{2,5})>?"
_STARRED = r"\*(?=[^\s*])([^*\n]+)(?<=[^\s*])\*"
_UNDERLINED = r"_(?=[^\s_])([^_\n]+)(?<=[^\s_])_"
_MARKUP = tuple(
    (re.compile(pattern), kept)
    for pattern, kept in (
        (r"</?br ?/?>", " "),
        (rf'!?\[([^\[\]\n]{{1,200}})\]\({_ADDRESS}(?:[ \t]+"[^"\n]{{0,200}}")?\)', r"\1"),
        (r"<(https?://[^<>\s]{1,300})>", r"\1"),
        (r"(?<!\*)\*{2,3}(?!\*|(?<=[0-9A-Za-z)]\*\*)\d)|`|[ \t]{0,2}</?sup>", ""),  # some put their marks in <sup>
        (r"(?<![\w/.@-])__(?=\S)([^_\n]+)(?<=\S)__(?![0-9A-Za-z_]|\.\w)", r"\1"),
        (r"~~(?=[^\s~])([^~\n]+)(?<=[^\s~])~~", r"\1"),
        (rf"(?<![\w)\]*\\]){_STARRED}(?![0-9A-Za-z*])|(?<![0-9A-Za-z)*\\]){_STARRED}(?![\w(*])", r"\1\2"),
        (
            rf"(?<![\w/.@:\\-]){_UNDERLINED}(?![0-9A-Za-z_]|\.\w)|(?<![0-9A-Za-z_/.@:\\-]){_UNDERLINED}(?!\w|\.\w)",
            r"\1\2",
        ),
        (r"\\([*_~`#>])", r"\1"),
    )
)
_MARKED = re.compile(r"[*_~`<\\\[]")
# What a full stop ends that ends no sentence.
_ABBREVIATED = re.compile(
    r"(?<![A-Za-z])(?:Dr|Mrs?|Ms|Prof|St|Gov|Gen|Sen|Rep|vs|cf|approx|e\.g|i\.e|al|Vol|Fig|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)$"
)
_CLOSING_HASHES = re.compile(r"[ \t]#+$")
_EMPHASIS_BEGUN = re.compile(r"\s{0,3}([*_])[^\s*_]")
_LONGEST_EMPHASIZED = 500  # characters: to look through a longer one at each of its ends takes the square of its length

_ENDS = frozenset("。｡！？…")
_ASCII_ENDS = frozenset(".!?")  # as the next character decides: 3.5, form?id=3, ![图](…)
_SEAL_OPENS, _SEAL_CLOSES = frozenset("《〈（(【〔"), frozenset("》〉）)】〕")  # 《谁动了我的奶酪？》 is never cut
_LONGEST_SEALED = 100
_IN_ADDRESS = re.compile(r"[A-Za-z0-9/_%=&#]")


@dataclass(frozen=True, slots=True)
class CitedSentence:
    """A sentence of generated text; the `written` of all of them, joined, are the text.

    `claim` is what it says, without marks, numbering and emphasis; empty where it says nothing (a rule, 综上所述).
    `before` is shown before it and claims nothing: a line that leads over to it (注意：), the line break that it begins
    with and the numbering of a list. `citations` name passages, from 1, in the order written; `unresolved` are
    numbers that name none. The lines of a block of code are one sentence; no other claim has line breaks.
    """

    written: str
    claim: str
    citations: tuple[int, ...]
    unresolved: tuple[int, ...]
    before: str = ""


class Splitter:
    """Gives each sentence of a growing text once it and its marks are complete. For one text, by one thread.

    Characters are taken one at a time, so it cannot matter how the text was cut into pieces.
    """

    def __init__(self, passages: int) -> None:
        self._passages = passages
        self._fenced = False  # inside ``` … ```
        self._over = False
        self._first = True
        self._lead = ""  # lines that lead over to the next claim
        self._begin([], on_new_line=True)

    def _begin(self, held: list[str], on_new_line: bool, indent: str = "") -> None:
        self._held = held
        self._on_new_line = on_new_line
        self._indent = indent
        self._line_from = 0  # where the last line of a block of code begins
        self._blank = not held
        self._sealed_from = 0 if held and held[0] in _SEAL_OPENS else -1
        self._quoted = False  # inside "…"
        self._ended = False  # an end was seen, and since then only what may belong to it
        self._unsure = ""  # the character that ended it, if the next one decides whether it did
        self._gap = ""  # white space since the end: none, blanks, a line break
        self._mark_from = -1  # where a mark may have begun since the end

    def feed(self, piece: str) -> list[CitedSentence]:
        """The sentences that are complete now."""
        complete = []
        for character in piece:
            complete.extend(self._take(character))
        return complete

    def finish(self) -> list[CitedSentence]:
        """The rest, once the text is over."""
        self._over = True
        closed = self._take_line() if self._fenced else []
        return [*closed, self._complete([])] if self._held else closed

    def _take(self, character: str) -> list[CitedSentence]:
        if self._fenced:
            self._held.append(character)
            return self._take_line() if character == "\n" else []
        if self._mark_from >= 0:
            return self._take_in_mark(character)
        if self._ended:
            return self._take_after_end(character)
        self._take_inside(character)
        return []

    def _take_line(self) -> list[CitedSentence]:
        """What a line of code completes: the block and itself, if it is a fence, or a block that is long enough."""
        held, start = self._held, self._line_from
        self._line_from = len(held)
        if not _FENCE.match("".join(held[start:])):
            return [self._complete([])] if len(held) > _LONGEST_BLOCK else []
        self._held, fence = held[:start], held[start:]
        block = [self._complete(fence)] if start else []
        self._held = fence
        return [*block, self._complete([])]

    def _take_inside(self, character: str) -> None:
        held = self._held
        held.append(character)
        if character == "\n":
            self._quoted, self._sealed_from = False, -1
            if not self._blank:
                self._end("" if self._is_fence() else character)
        elif character in _SEAL_OPENS:
            self._sealed_from = len(held) - 1
        elif character in _SEAL_CLOSES:
            self._sealed_from = -1
        elif character == '"':
            self._quoted = not self._quoted
        elif self._sealed_from < 0 or len(held) - self._sealed_from > _LONGEST_SEALED:
            if character in _ENDS:
                self._end("")
            elif character in _ASCII_ENDS and not self._is_inside_word(character):
                self._end(character)
        self._blank = self._blank and character.isspace()

    def _end(self, unsure: str) -> None:
        self._ended, self._unsure = True, unsure
        self._gap = "\n" if self._held[-1] == "\n" else ""

    def _is_fence(self) -> bool:
        return self._on_new_line and bool(_FENCE.match("".join(self._held[:9])))

    def _is_inside_word(self, end: str) -> bool:
        """A full stop ends nothing behind an initial, white space, another full stop, the number of an item."""
        before = self._held[-2] if len(self._held) > 1 else " "
        if end != ".":
            return False
        if _ABBREVIATED.search("".join(self._held[-9:-1])):
            return True
        numbers_an_item = len(self._held) <= 6 and "".join(self._held[:-1]).strip().isdigit()
        return before.isspace() or before == "." or "A" <= before <= "Z" or numbers_an_item

    def _take_after_end(self, character: str) -> list[CitedSentence]:
        closes_quote = character == '"' and self._quoted
        if character.isspace():
            self._unsure = "\n" if self._unsure == "\n" else ""
            self._gap = "\n" if "\n" in {self._gap, character} else " "
        elif not self._gap and (
            character in CLOSERS | _ENDS | _ASCII_ENDS or closes_quote or self._closes_emphasis(character)
        ):
            self._quoted = self._quoted and not closes_quote
            self._unsure = "" if character in _ENDS else self._unsure
        elif self._may_begin_mark(character):
            self._mark_from = len(self._held)
        else:
            return self._take_next(character)
        self._held.append(character)
        return []

    def _closes_emphasis(self, character: str) -> bool:
        """It is the second of its kind in a sentence that begins with it: *甲。*"""
        if character not in "*_" or len(self._held) > _LONGEST_EMPHASIZED:
            return False
        begun = _EMPHASIS_BEGUN.match("".join(self._held[:5]))
        return begun is not None and begun[1] == character and self._held.count(character) == 1

    def _may_begin_mark(self, character: str) -> bool:
        if character in _PARTS_MARKS:
            return not self._gap and self._held[-1] in _MARK_ENDS
        return character in _OPENS + "（(*<" and self._gap != "\n"

    def _take_next(self, character: str) -> list[CitedSentence]:
        """The first character that cannot belong to the end: it goes on with the sentence, or begins the next one."""
        goes_on = {
            "": False,
            "\n": "a" <= character <= "z",  # an English line goes on in lower case
            ".": True,
        }.get(self._unsure, self._is_address(character))
        complete = []
        if goes_on or (sentence_goes_on(self._held[-1], character) and not self._gap):
            self._ended = False
        else:
            complete = [self._complete([])]
        self._take_inside(character)
        return complete

    def _is_address(self, character: str) -> bool:
        before = self._held[-2] if len(self._held) > 1 else ""
        return bool(_IN_ADDRESS.match(before) and _IN_ADDRESS.match(character))

    def _take_in_mark(self, character: str) -> list[CitedSentence]:
        held, start = self._held, self._mark_from
        written = "".join([*held[start - 1 :], character])
        if _MARK_OR_LINK.fullmatch(written, 1):
            held.append(character)
            self._mark_from, self._unsure, self._gap = -1, "", ""
            return []
        if _BEGUN.fullmatch(written, 1) and len(written) <= _LONGEST_MARK:
            held.append(character)
            return []
        self._mark_from = -1
        # a.(见附件), ![图](…, “甲？”[1]、乙
        if self._unsure == "." or (self._unsure and held[start] in _OPENS) or held[start] in _PARTS_MARKS:
            self._ended = False
            opened = [at for at in range(start, len(held)) if held[at] in _SEAL_OPENS]
            self._sealed_from = opened[-1] if opened else self._sealed_from
            return self._take(character)
        following = held[start:]
        del held[start:]
        return [self._complete(following), *self._take(character)]

    def _complete(self, following: list[str]) -> CitedSentence:
        written = "".join(self._held)
        fence = self._on_new_line and bool(_FENCE.match(written))
        sentence = self._read(written, fence)
        self._fenced ^= fence
        self._first = False
        _, line_break, indent = written.rpartition("\n")
        on_new_line = bool(line_break) and not indent.strip()
        self._begin(following, on_new_line, indent[:_DEEPEST] if on_new_line else "")
        return sentence

    def _read(self, written: str, fence: bool) -> CitedSentence:
        if fence:
            return CitedSentence(written, "", (), ())
        before = "\n" if self._on_new_line and not self._first else ""
        if self._fenced:
            claim, named = dedent(self._indent + written).rstrip(), list[int]()
        else:
            claim, named = _without_marks(_finished(written) if self._over else written, self._passages)
            claim = _RESIDUE.sub("", claim) if named else claim
            if self._on_new_line and (quoted := _QUOTED.match(claim)):
                claim = claim[quoted.end() :]
            shown = ""
            if numbering := _NUMBERING.match(claim):
                claim = claim[numbering.end() :]
                shown = numbering[0].strip()
                if shown[0] != "#":  # a heading is shown without its sign, as is a quotation
                    before = f"{before and before + self._indent}{shown} "
            claim = _without_markup(" ".join(claim.strip().split("\n"))).strip()
            claim = _CLOSING_HASHES.sub("", claim).rstrip() if shown.startswith("#") else claim
            heading = f"{claim}：" if shown.startswith("#") else claim
            if _NAMES_WHAT_COMES.fullmatch(heading) or _LEADS_OVER.fullmatch(claim):
                if heading[-1] in ":：":
                    self._lead += before + claim
                claim = ""
        if any(one.isalnum() for one in claim):
            before, self._lead = self._lead + before, ""
        else:
            claim = ""
        return CitedSentence(
            written,
            claim,
            tuple(number for number in named if 1 <= number <= self._passages),
            tuple(number for number in named if not 1 <= number <= self._passages),
            before,
        )


def _without_markup(text: str) -> str:
    if not _MARKED.search(text):  # as most
        return text
    parts = _CODE.split(text)  # text, code, text, …
    for pattern, kept in _MARKUP:
        parts[::2] = [pattern.sub(kept, part) for part in parts[::2]]
    return "".join(parts)


def _finished(written: str) -> str:
    """Without a mark that the text's end cut short."""
    return written[:-60] + _UNFINISHED.sub("", written[-60:])


def _without_marks(written: str, passages: int) -> tuple[str, list[int]]:
    """(the sentence without its marks, the numbers in them)."""
    kept, named, end = [], dict[int, None](), 0
    for match in _CODE_OR_MARK.finditer(written):
        marks = [] if match[0].startswith("`") else [_numbers(mark[1]) for mark in _BARE.finditer(match[0])]
        numbers = [number for mark in marks for number in mark] if all(marks) else []
        if numbers and not _is_text(written, match, numbers, passages):
            between = written[end : match.start()]
            if not end and re.fullmatch(rf"\s*{_BULLET}", between):
                between += " "  # which the mark has: - [1]甲
            kept += [between] if not end or not _BETWEEN.fullmatch(between) else []
            end = match.end()
            named.update(dict.fromkeys(numbers))
    return "".join([*kept, written[end:]]), list(named)


def _is_text(written: str, match: re.Match[str], numbers: list[int], passages: int) -> bool:
    before, after = written[max(match.start() - 1, 0) : match.start()], written[match.end() : match.end() + 1]
    counts = after in _COUNTED and min(numbers) > passages
    return counts or (before.isascii() and before.isalpha() and bool(_INDEXED.match(written, match.end())))


def _numbers(inside: str) -> list[int]:
    """The passages named inside a mark; none where a range runs backwards or too far."""
    found: list[int] = []
    for first, last in _ONE_OR_RANGE.findall(inside):
        if last and not 0 <= int(last) - int(first) < _WIDEST_RANGE:
            return []
        found.extend(range(int(first), int(last or first) + 1))
    return found
