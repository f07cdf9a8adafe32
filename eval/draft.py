"""Candidates for a golden set, drafted from the documents by rules and without a language model; a person decides."""

import hashlib
import re
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice, pairwise
from typing import Any

from indexer.text import Span, fold, sentence_spans, simplify
from indexer.types import Document

_SHORTEST, _LONGEST = 7, 60  # characters of a question
_LONGEST_QUOTE = 500  # of a sentence; longer ones are not prose
_SUBSTANTIAL = 20  # of the sentence that stands for a section
_OWN_SUBJECT = 14  # a clause of fewer characters seldom names its subject
_ALONE = 10  # one of fewer says nothing without the clauses in front
_OFFICE_ALONE = 6  # nor does an office: 主任


@dataclass(frozen=True, slots=True)
class Draft:
    """A question drafted from a document; without a quote it is a near miss, which no document answers."""

    question: str
    kind: str  # number, date, definition, name, heading, near-miss
    doc_id: str
    quote: str = ""  # a whole sentence of the document, verbatim
    must: str = ""  # the part of the quote that the question asks for; none for a heading
    swapped: str = ""  # what a near miss asks about: a string that no document holds

    @property
    def id(self) -> str:
        """`draft-` and a digest of the question: the same on every run."""
        return f"draft-{hashlib.sha256(self.question.encode('utf-8')).hexdigest()[:10]}"

    @property
    def row(self) -> dict[str, Any]:
        """The draft as a line of a file of cases."""
        return {
            "id": self.id,
            "question": self.question,
            "kind": self.kind,
            "gold": [{"doc_id": self.doc_id, "quote": self.quote}] if self.quote else [],
            "must": [self.must] if self.must else [],
            "history": [],
        }


_DIGITS = "一二三四五六七八九十"
# The inside of quotation marks, titles and brackets is covered: its numbers and commas are not the sentence's own.
_COVERED = re.compile(r"“[^”]*”|「[^」]*」|《[^》]*》|（[^）]*）|\([^)]*\)")
_NOT_PLAIN = re.compile(r"[“”「」《》（）()\"|<>`{}\[\]\\*_#]|://|[:：].*[:：]", re.DOTALL)  # unpaired, or markup
_MARKER = re.compile(
    rf"(?:[-+•·]|\d+[.、．)）](?!\d)|（?[{_DIGITS}]+[、）]|第[{_DIGITS}百]+[章节条]|本报讯\s*(?:（\0*）)?)\s*"
)
_NUMBERING = re.compile(rf"(?:[{_DIGITS}]+、|（[{_DIGITS}]+）|第.{{1,3}}[章节条]|\d+(?:\.\d+)*[.、．]?)\s*")
# A comma does not end a clause after when or where it was, nor before what only goes on with it.
_CLAUSE_END = re.compile(
    r"(?<![的午晚后前])(?<!\d[月日])(?<!\d\d年)(?<!年[春夏秋冬来])(?<!以来)(?<!期间)(?<![^小]时)(?<![^其]中)"
    r"(?:，|(?<!\d),|,(?!\d))(?!这是|[对向把将以])|[；;。｡！？!?…]+"
)
_ASCII_COMMA = re.compile(r"(?<!\d),|,(?!\d)")
_ADVERBIAL = re.compile(
    "(?:在|为|经|据|随[着著]|当|截至|按照|根据|围绕)[^，,]{2,14}|(?:根据|随[着著]|按照)[^，,]{15,24}|.*年[（(]\0+[）)]"
)
_CLINGS = re.compile(  # begins a clause that cannot be understood without the one before
    "[其这那该此它他她曾于距离并但而且也还又则就都均即如若因使让或与和及之另再只才却由比较增减降占可须应要不满]|下降|上升|同比|"
    "所以|于是|然而|同时|以及|以便|从而|对此|至此|届时|当时|随后|虽|尽管|甚至|例如|包括|特别|尤其|分别|等|超过"
)
_SUBJECTLESS = re.compile(
    "计划|预计|适用|邀请|组织|研究|每[次年人天]|建成|设|占地|获|开展|新建|新增|完成|投入|借用|印数|陈列|展出|注册|花费|荣获|"
    "首|吸引|产生|涉及|违者|已"
)
_PRONOUN = re.compile("(?:[^，]{0,12}，)?[他她它其这该那此]")
_UNFINISHED = re.compile(
    "(?:强调|指出|表示|说|认为|介绍|显示|时|后|之际)(?:是在什么时候|是在哪一年)?？$|^(?:根据|按照|随[着著])[^，]*$"
)

_HAN = "[\u4e00-\u9fff]"
_TO = r"[至到～~—–-]"
_UNIT = (
    "人次|场次|班次|个百分点|个工作日|个月|周岁|周年|小时|分钟|千瓦时|千瓦|平方米|平方公里|立方米|公里|千米|毫米汞柱|毫米|"
    "厘米|公顷|公斤|千克|毫克|毫升|万元|亿元|[人名位个所家座处部件项场次期份篇条种类户元米亩吨克斤头只台辆架套册本张间层幢栋株棵秒天岁年"
    "升节站分里趟批倍页集枚块卷起例床支队组艘盏把面幅]"
)
_NO_RANGE = rf"(?!\d|\s*{_TO}\s*\d|[、/×+]\d|{_TO}[今去明次])"
_AMOUNT = (
    rf"(?<![\d.·第A-Za-z+×/：:])(?<!民国)(?<!\d{_TO})(?<!\d.{_TO})(?<!\d..{_TO})(?<!\d{_HAN})(?<!小时)"
    r"(?!(?:1\d|20)\d\d年)(?P<must>\d+(?:,\d{3})*(?:\.\d+)?"
)
_YEAR = r"(?<!\d)(?:1\d|20)\d\d年"
_DAY = (
    r"(?:今年|去年|明年|当年|(?:1\d|20)\d\d年)?(?<!\d)\d{1,2}月"
    r"(?:\d{1,2}日(?:[上下中]午|晚上?|凌晨)?|[上中下]旬|[底初])?"
)
_TIME = r"(?<![\d比])\d{1,2}时(?:\d{1,2}分|整)?"
_TAIL = r"(?!份|农历|.{0,4}的)\D{2,}"
_REST = (
    rf"(?![\d前后来起以间度级届版份]|农历){_NO_RANGE}[，,]?(?P<rest>(?!.{{1,4}}的|[，,是因由在从经为于的])\D{{6,}})$"
)
_OFFICE = (
    "书记|主任|[局市县区镇乡部厅校院馆站所处科股队团会]长|秘书长|理事长|董事长|经理|工程师|负责人|主持人|教授|教练|主席|"
    "主编"
)
_SURNAME = (
    "欧阳|司马|上官|诸葛|皇甫|[赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜戚谢邹喻柏章云苏潘葛奚范"
    "彭郎鲁韦昌马苗凤方俞任袁柳鲍史唐费廉岑薛雷贺倪汤滕殷罗毕郝邬安乐于傅卞齐康伍余元卜顾孟黄穆萧尹姚邵汪祁毛狄臧戴谈宋"
    "庞熊纪舒屈项祝董梁杜阮蓝闵席季贾路娄江童颜郭梅盛林刁钟徐邱骆高夏蔡田樊胡凌霍虞万柯管卢莫房裘缪解应宗丁宣邓郁单洪包左"
    "石崔吉龚程邢裴陆荣翁甄封靳段焦巴牧谷车侯全班秋仲伊宫宁仇甘厉祖武符刘詹束龙叶黎白怀蒲鄂索赖卓屠蒙池乔闻党翟谭劳申冉桑"
    "桂牛边燕冀尚温庄晏柴瞿阎慕习艾向古易廖耿匡国文寇利师聂冷辛简饶曾沙鞠关查荆游佟覃兰肖涂岳帅付]"
)
_SAYS = "同志|先生|女士|介绍|表示|说|预计|认为|指出|告诉|强调|主持|作|任|宣布|宣读|致辞|今年|[，、]|$"
_MATTER = "主题|口号|题目|品牌|商标|栏目|校训|宗旨|名称|关键|核心|目标"
_NAMING = (
    "被?(?:正式)?(?:命名|评|列|誉|认定|定名|取名|更名|改名|公布|确定|称|辟)为|被?称之为|叫做|叫作|获评|荣获|被授予|列入|"
    "入选"
)
_WRITING = "写成|著有|制定|制订|修订|编印|编写|编成|印发|出台|发布|测绘|创作|表演|推出|按照|根据|依据|作"
_DOING = "实行|推行|推出|坚持|打造|开设|举办|称之为|名为|立下?|设立?|开展|开发|践行|弘扬|获得|获"
_NOT_HEAD = "[不就都也还正只而又更即便乃仍则总但或若要才既别其这那此]"

# (kind, what to find in a clause, what to ask in its place): the group `must` is what the question asks for.
_RULES = [
    (kind, re.compile(pattern, re.DOTALL), asked)
    for kind, pattern, asked in (
        ("number", rf"{_AMOUNT}[余多]?[%％]){_NO_RANGE}", "百分之多少"),
        (
            "number",
            rf"{_AMOUNT}(?:[百千万亿](?!元))*[余多]?(?P<unit>(?:[（(]\0+[）)])?(?:{_UNIT})))(?!来){_NO_RANGE}",
            "多少{unit}",
        ),
        ("number", rf"(?P<must>第(?!一[批次个])[{_DIGITS}百\d]+(?P<unit>[个届次批期名位代家所场]))", "第几{unit}"),
        ("date", rf"^(?P<must>{_DAY}){_REST}", "{rest}是在什么时候"),
        ("date", rf"^(?P<must>{_YEAR}[春夏秋冬]?){_REST}", "{rest}是在哪一年"),
        ("date", rf"^(?P<head>\D*(?<![经是]))(?P<must>{_DAY}){_NO_RANGE}(?P<tail>{_TAIL})$", "{head}什么时候{tail}"),
        ("date", rf"^(?P<head>\D*(?<!直到))(?P<must>{_YEAR}){_NO_RANGE}(?P<tail>{_TAIL})$", "{head}哪一年{tail}"),
        ("date", rf"(?P<must>{_TIME}[至到]{_TIME})", "几点到几点"),
        ("date", rf"(?<![至到])(?P<must>{_TIME}){_NO_RANGE}", "几点"),
        (
            "name",
            rf"^(?:.*(?:邀请|聘请|[由据经、]))?(?P<office>{_HAN}{{2,20}}?(?:{_OFFICE}))[是为]?"
            rf"(?P<must>(?!任[团主组队])(?:{_SURNAME}){_HAN}{{1,2}})(?:{_SAYS}).*$",
            "{office}是谁",
        ),
        ("name", r"^“(?P<must>[^”]+)”[，,]这?是(?P<rest>.+)$", "{rest}是什么"),
        ("name", rf"以“(?P<must>[^”]+)”为(?P<word>{_MATTER})", "以什么为{word}"),
        ("name", rf"(?P<word>{_MATTER})[是为：:]?“(?P<must>[^”]+)”", "{word}是什么"),
        ("name", rf"(?P<verb>(?:{_DOING})了?)“(?P<must>[^”]+)”(?![、“和及与])等?", "{verb}什么"),
        ("name", rf"(?P<verb>(?:{_WRITING})了?)《(?P<must>[^》]+)》(?!.*《)等?", "{verb}什么"),
        ("definition", rf"^(?P<head>.{{2,30}}?(?:{_NAMING}))(?P<must>.{{2,40}})$", "{head}什么"),
        (
            "definition",
            rf"^(?P<head>(?![在从对当])[^\d是]{{2,24}}(?<!{_NOT_HEAD})是指?)"
            r"(?P<must>(?![：:否在由从因为不对向把])[^是]{4,40}(?<!的))$",
            "{head}什么",
        ),
    )
]

_Change = tuple[Span, str, int, int]  # what to replace in a question, by what, and between where it is looked up
_THRESHOLD = re.compile("满|超|以[上下内]|[少低高多大小]于|[每内]")  # another number is answered by the same rule
_ORDINAL = re.compile(rf"第(?P<number>[{_DIGITS}]|\d+)[个届次批期]")
_DATES = [re.compile(r"(?P<number>(?:1\d|20)\d\d)(?=年)"), re.compile(r"(?<!\d)\d{1,2}月(?P<number>\d{1,2})日")]
_COUNT = re.compile(rf"(?<![\d.至到时])(?P<number>\d+)(?:{_UNIT})")
_BODY = re.compile(
    r"(?:^|(?<=[，、：“”]))(?P<name>(?:(?![在由是为的了和与及等将把被辟设立邀请全其各])[\u4e00-\u9fff]){2,8}?"
    "(?P<suffix>博物馆|图书馆|纪念馆|体育馆|文化馆|小学|中学|大学|学院|医院|公司|合作社|景区|公园|大桥))(?![校生部长])"
)


def draft_cases(documents: Sequence[Document]) -> list[Draft]:
    """Drafts in the order of the documents, each question once; a near miss follows the question it was made from."""
    sentences = [list(_sentences(document)) for document in documents]
    everything = fold("\n".join(text for one in documents for text in (one.title, one.published, one.text)))
    bodies = _bodies([quote for pairs in sentences for _, quote in pairs])
    drafts: dict[str, Draft] = {}
    for document, pairs in zip(documents, sentences, strict=True):
        title = document.title.translate(str.maketrans("《》", "〈〉"))
        place = f"《{title}》" if len(documents) > 1 else "文章"
        for heading, quote in pairs:
            for draft in _about_section(document, heading, quote, place):
                drafts.setdefault(draft.question, draft)
            for draft in _about_sentence(document.id, quote, everything, bodies):
                drafts.setdefault(draft.question, draft)
    return list(drafts.values())


def spread(drafts: Sequence[Draft], limit: int) -> list[Draft]:
    """At most `limit` of them in their order, as evenly over the documents as they allow."""
    seen: Counter[str] = Counter()
    turns = []
    for place, draft in enumerate(drafts):
        turns.append((seen[draft.doc_id], place))
        seen[draft.doc_id] += 1
    return [drafts[place] for place in sorted(place for _, place in sorted(turns)[:limit])]


def _bodies(quotes: Sequence[str]) -> dict[str, str]:
    """Names of museums, schools, companies … that occur more than once → the sentences that hold them, folded."""
    names = Counter(match["name"] for quote in quotes for match in _BODY.finditer(quote))
    return {
        name: fold("\n".join(quote for quote in quotes if name in quote)) for name, count in names.items() if count > 1
    }


def _sentences(document: Document) -> Iterator[tuple[str, str]]:
    """(heading, sentence) for sentences outside headings; the heading only with the first sentence below it."""
    headings = deque(document.headings)
    above = ""
    for start, end in sentence_spans(document.text):
        while headings and headings[0][0][1] <= start:
            above = headings.popleft()[2]
        if not headings or start < headings[0][0][0]:
            yield above, document.text[start:end]
            above = ""


def _about_section(document: Document, heading: str, quote: str, place: str) -> Iterator[Draft]:
    """The question about the section that begins with the sentence, if a heading stands above it."""
    bare = _NUMBERING.sub("", heading, count=1).translate(str.maketrans("“”", "‘’"))
    question = f"关于“{bare}”，{place}怎么讲？"
    if bare and heading != document.title and len(quote) >= _SUBSTANTIAL and _plain(quote) and _readable(question, ""):
        yield Draft(question, "heading", document.id, quote)


def _about_sentence(doc_id: str, quote: str, everything: str, bodies: dict[str, str]) -> Iterator[Draft]:
    """The questions that the sentence answers, and after the first that allows one a near miss."""
    missed = False
    for draft, own in _facts(doc_id, quote) if _plain(quote) else ():
        yield draft
        misses = () if missed else _near_misses(draft, own, everything, bodies)
        for miss in islice(misses, 1):
            missed = True
            yield miss


def _plain(quote: str) -> bool:
    return len(quote) <= _LONGEST_QUOTE and not _NOT_PLAIN.search(_COVERED.sub("", quote))


def _read_as(text: str) -> str:
    """The text in simplified characters, of which the patterns are, each at its place."""
    simple = simplify(text)
    return simple if len(simple) == len(text) else text


def _cover(text: str) -> str:
    return _COVERED.sub(lambda match: match[0][0] + "\0" * (len(match[0]) - 2) + match[0][-1], text)


def _facts(doc_id: str, quote: str) -> Iterator[tuple[Draft, int]]:
    """(draft, length of the context in its question) for what the rules find; no character is asked for twice."""
    covered = _read_as(_cover(quote))
    spoken = _ASCII_COMMA.sub("，", quote)
    clauses = _clauses(covered)
    texts = [spoken[slice(*span)] for span in clauses]
    topics = [0]  # per clause, the first one since a semicolon
    for place, ((_, end), (start, _)) in enumerate(pairwise(clauses), 1):
        topics.append(place if set("；;") & set(quote[end:start]) else topics[-1])
    asked: set[int] = set()
    for place, (start, end) in enumerate(clauses):
        words = texts[place]
        contexts = _contexts(texts, topics[place], place)
        found = [(rule, match) for rule in _RULES for match in rule[1].finditer(covered[start:end])]
        for (kind, _, template), match in found:
            groups = {name: words[slice(*match.span(name))] for name in match.groupdict()}
            text = words[: match.start()] + template.format(**groups) + words[match.end() :] + "？"
            where = slice(start + match.start("must"), start + match.end("must"))
            fitting = contexts if len(groups.get("office", "")) < _OFFICE_ALONE else [""]
            context = next((one for one in fitting if _readable(one + text, groups["must"])), None)
            if context is not None and asked.isdisjoint(range(where.start, where.stop)):
                asked.update(range(where.start, where.stop))
                yield Draft(context + text, kind, doc_id, quote, quote[where]), len(context)


def _clauses(covered: str) -> list[Span]:
    marker = _MARKER.match(covered)
    left = marker.end() if marker else 0
    spans: list[Span] = []
    for match in _CLAUSE_END.finditer(covered + "。"):
        if not spans and _ADVERBIAL.fullmatch(covered, left, match.start()) and match.end() < len(covered):
            continue
        if match.start() > left:
            spans.append((left, match.start()))
        left = match.end()
    return spans


def _contexts(texts: Sequence[str], first: int, place: int) -> list[str]:
    """What can stand in front of a clause, best first: the clauses it clings to and the one that names its subject."""
    here = place
    while here > first and _CLINGS.match(_read_as(texts[here])):
        here -= 1
    clung = texts[here:place]
    choices = [clung]
    if here > first and (len(texts[here]) < _OWN_SUBJECT or _SUBJECTLESS.match(_read_as(texts[here]))):
        choices = [[texts[first], *texts[max(first + 1, here - 1) : place]], [texts[first], *clung]]
        if not clung and len(texts[place]) >= _ALONE:
            choices.append([])
    return ["".join(f"{part}，" for part in parts) for parts in choices]


def _readable(question: str, must: str) -> bool:
    read = _read_as(question)
    return (
        _SHORTEST <= len(question) <= _LONGEST
        and question.isprintable()
        and not (must and must in question)
        and not any(pattern.match(read) for pattern in (_CLINGS, _PRONOUN))
        and not _UNFINISHED.search(read)
    )


def _near_misses(draft: Draft, own: int, everything: str, bodies: dict[str, str]) -> Iterator[Draft]:
    """The question with one thing changed, best first, where no document holds what it then asks about."""
    question = draft.question
    changes = chain(_other_numbers(draft, own), _other_bodies(question, bodies))
    for (start, end), other, left, right in changes:
        swapped = question[left:start] + other + question[end:right]
        if fold(swapped) not in everything:
            asked = question[:start] + other + question[end:]
            yield Draft(asked, "near-miss", draft.doc_id, swapped=swapped)


def _other_numbers(draft: Draft, own: int) -> Iterator[_Change]:
    """Ordinals, years and days anywhere; an amount only outside the context and where it is no threshold."""
    covered = _cover(draft.question)
    patterns = [_ORDINAL] if draft.kind == "date" else [_ORDINAL, *_DATES]
    matches = [match for pattern in patterns for match in pattern.finditer(covered)]
    if not _THRESHOLD.search(covered):
        matches += _COUNT.finditer(covered, own)
    for match in matches:
        chinese = match["number"] in _DIGITS
        value = _DIGITS.index(match["number"]) + 1 if chinese else int(match["number"])
        for other in (value - 1, value - 2, value + 1, value + 2):
            if 0 < other <= len(_DIGITS) or (other > 0 and not chinese):
                yield match.span("number"), _DIGITS[other - 1] if chinese else str(other), *match.span()


def _other_bodies(question: str, bodies: dict[str, str]) -> Iterator[_Change]:
    """Another museum for a museum, of as many characters, unless a sentence about it has the same verb."""
    for match in _BODY.finditer(_cover(question)):
        alike = len(match["name"]), match["suffix"]
        verb = fold(question[match.end() : match.end() + 2])
        for name, sentences in bodies.items():
            if (len(name), name[-len(alike[1]) :]) == alike and name not in question and verb not in sentences:
                yield match.span("name"), name, match.start("name"), match.end() + 2
