"""What a question asks: the kinds of answer it wants, its content words, its numbers, titles and contrasts."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from bot.lexicon import NAMES, SURNAMES, alternatives, contrasts, english_phrases, is_generic, sound
from indexer.quantity import HAN, NUMERALS, Quantity, quantities
from indexer.text import fold

_NUMBER = rf"(?:\d|[{NUMERALS}])"
# These surnames mostly mean something else after an office: 书记高度重视, 常委任团长.
_SURNAMES = SURNAMES.translate(str.maketrans("", "", "任于向高万方"))
_ROLES = (
    "主任|局长|市长|书记|校长|院长|馆长|园长|站长|所长|会长|社长|团长|队长|组长|处长|科长|镇长|县长|区长|村长|部长|厅长|主席"
    "|总统|教授|先生|女士|博士|将军|皇帝|国王|作家|导演|演员|歌手|同志|老师|医生|选手|记者|经理|董事长|委员|常委|负责人|理事长"
    "|秘书长|创始人|传承人|馆员|教练"
)
_NAME = (
    rf"(?:{_ROLES})[{_SURNAMES}][{HAN}]{{1,2}}|[{_SURNAMES}][{HAN}]{{1,2}}(?:{_ROLES}|说|表示|介绍|认为|指出|担任|[(,、])"
    "|[·•]"
)
_WHY = r"(?<!命名)(?<![称作选评成列])为什么"  # not 命名为什么基地

# Kind of answer → (how a question asks for it, how a text gives it). Both are matched against folded text.
_KINDS = {
    "phone": (r"电话|号码|热线|联系方式|手机号|打哪|(?<!i)phone", r"\d{5,}|\d{3,4}-\d{3,}|(?<!\d)1[12]\d{1,3}(?!\d)"),
    "money": (
        r"多少钱|多少元|多少万元|几元|几块|价格|价钱|票价|费用|收费|售价|工资|奖金|薪|花费|花了|资金|投资|经费|贵不贵|免费|要钱"
        r"|how much|补贴|补助",
        rf"{_NUMBER}\s*(?:[余多]\s*)?(?:[万亿百千]+\s*)?(?:元|美元|英镑|日元|港元|块|银)|免费|免收|不收|自付|全免",
    ),
    "rank": (r"第几|排名|名列|名次", rf"第{_NUMBER}+|首[届次位名]|最[高大多长]|前{_NUMBER}"),
    "year": (
        r"哪一?年|何年|几几年|几年(?!级)|哪个年|what year",
        r"\d{2,4}\s*年|[一二三四五六七八九〇]{4}年|[元一二三四五六七八九十]+年[(间]|去年|今年|明年",
    ),
    "date": (r"哪一?天|哪一?日|几月|几号|几日|何日|日期|生日", rf"{_NUMBER}\s*[日号月]|\d-\d\d?-\d"),
    "time": (
        r"什么时候|何时|几点|什么时间|时间|时期|朝代|时代|世纪|\bwhen\b|啥时候|多久|多长时间|几时|截止|期限|钟头|小时|[周期拜]几",
        rf"{_NUMBER}\s*(?:年|月|日|号|时|点|分|天|小时|世纪|周|个月|年代|分钟)|\d:\d|时期|期间|朝|每[天日周月年]"
        r"|(?:周|星期|礼拜)[一二三四五六日天末]|以[前后内]|当天|次日|长期|目前",
    ),
    "count": (r"多少|(?<![周期拜])几(?![乎何])|数量|人数|总数|how many|次数", _NUMBER),
    "measure": (
        r"多[大高长远深宽重快]|面积|长度|高度|海拔|距离|温度|速度|how (?:far|long|tall|high|big|large)",
        rf"(?:{_NUMBER}|\.)\s*(?:[余多]\s*)?(?:[万亿]\s*)?(?:平方|公里|千米|米|公顷|亩|吨|千克|公斤|度|克|升|小时|分钟|天|秒|毫米|厘米"
        r"|英里|英尺|[km]|℃)",
    ),
    "percent": (r"百分之|比例|占比|率", r"[%‰]|百分之|分之|[一二三四五六七八九两\d]成|[一二两三四五六七八九十]倍"),
    "name": (r"姓名|全名|姓什么|[长员任席者师人导授官记手委位]的?(?:都|分别)*(?:叫|名字)", _NAME),
    "who": (r"谁|何人|哪位|哪个人|什么人|哪些人|作者|\bwho\b|哪几位", rf"{_NAME}|{_ROLES}"),
    "address": (r"地址|哪条路|路上|怎么走|几号楼", rf"[{HAN}\d](?:路|街|巷|大道|弄)|\d+\s*号"),
    "organisation": (
        r"哪个?(?:单位|部门|机构|公司|媒体|报社|组织|企业|出版社|银行)|哪家|谁家",
        r"局|委|办|厅|部|院|大学|公司|集团|协会|学会|中心|报|台|社|银行|联合会|政府|学校",
    ),
    "where": (
        r"哪里|哪儿|何处|何地|什么地方|哪个?地方|地点|在哪|位于|哪国|哪个?国|哪个?省|哪个?市|哪个?城市|哪个?州|哪个?区|哪个?县"
        r"|哪个?地区|\bwhere\b|搁哪|哪座",
        rf"[{HAN}]{{1,6}}(?:省|市|县|区|镇|乡|村|路|街|州|国|岛|山|馆|楼|厅|中心|广场|公园|大厦|学校|大学|基地|门|场|站|院)|位于|地处"
        r"|坐落|网站|平台",
    ),
    "why": (
        rf"{_WHY}|为何|原因|何以|怎么会|为啥|\bwhy\b|缘何|因何|目的|咋没|咋停",
        r"因为|由于|因此|所以|导致|为了|因[^此为素]|以便|使得|从而|旨在|目的|原因|为[^,]{3,},|考虑|造成|受.{1,8}影响",
    ),
    "how": (
        r"怎么|怎样|如何|咋|\bhow to\b|方法|步骤|流程|手续",
        r"通过|采用|利用|使用|方式|方法|将|把|按照|首先|先|凭|持|登录|填写|申请|拨打|经|可",
    ),
    "list": (r"哪些|哪几|分别|各[有是为]|包括|列举|有什么|都有|哪[二三四五六七八九十两\d]+", r"、|和|及|;|分别|一是"),
    "definition": (r"是什么[?]?$|指什么|指的是|什么是|含义|意思|定义|what is", r"是|即|指"),
    "title": (r"叫什么|名称|称为|被称|又称|别称|名为|称号|命名|题目|书名|口号|主题|叫啥", r"[“\"「《『]|称|名|叫|为"),
    "yes or no": (
        r"吗[?]?$|是否|是不是|有没有|能不能|可不可以|可以.*[吗不]|(?:不|没|(?<![什怎这那多])么)[?]?$",
        r"不|没|未|无|可|能",
    ),
    "which": (r"哪", ""),
    "what": (r"什么|啥|何|what\b", ""),
}
KINDS = tuple(_KINDS)
ASKS = tuple(re.compile(asks) for asks, _ in _KINDS.values())
GIVES = tuple(re.compile(gives or r"(?!)") for _, gives in _KINDS.values())
# Kinds whose absence from a sentence speaks against it; the rest are matched by almost any sentence.
NUMERIC = frozenset(
    KINDS.index(kind) for kind in ("phone", "money", "rank", "year", "date", "time", "count", "measure", "percent")
)
TELLING = tuple(
    sorted(NUMERIC | {KINDS.index(kind) for kind in ("name", "who", "address", "organisation", "where", "why")})
)
# What a text without it is said to lack.
_VALUES = {
    KINDS.index(kind): value
    for kind, value in {
        "phone": "电话号码",
        "money": "金额",
        "percent": "比例",
        "name": "姓名",
        "address": "地址",
    }.items()
}
NAME, WHO, WHY, LIST = KINDS.index("name"), KINDS.index("who"), KINDS.index("why"), KINDS.index("list")
# Nouns that a value stands for without naming them: 职务 is held by 主任, 题目 by 《…》.
_HELD_BY_VALUE = {
    noun: re.compile(pattern)
    for nouns, pattern in (
        ("职务 职位 身份 头衔", _ROLES),
        ("题目 书名 片名 课名 篇名 曲名", r"[《“\"]"),
        ("主题 口号 标语", r"[“\"《「]"),
        ("日期 时间 日子", _KINDS["date"][1]),
        ("人数 数量 次数 总数 人次 个数", _NUMBER),
        ("价格 票价 价钱 费用", _KINDS["money"][1]),
        ("电话 号码 热线 联系方式", _KINDS["phone"][1]),
        ("地点 场所 场地 位置", _KINDS["where"][1]),
        ("原因 目的 理由", _KINDS["why"][1]),
        ("单位 部门 机构 媒体 报社 来源", _KINDS["organisation"][1]),
        ("面积", r"平方|公顷|亩"),
        ("年份", r"\d{4}年"),
        ("比例 占比", _KINDS["percent"][1]),
        ("高度 长度 宽度 距离 深度", r"\d\s*(?:米|公里|千米|厘米)"),
        ("姓名", _NAME),
        ("形式 方式 方法 措施 途径", _KINDS["how"][1]),
        ("称号 荣誉 奖项", r"称|命名|授予|获|评为|奖"),
    )
    for noun in nouns.split()
}
_TITLE = re.compile(r"[《“\"「『]([^》”\"」』]{2,})[》”\"」』]")
_MEASURES = "人名位个件所本篇部场届级支只项幅次期岁元块钱倍亩米条家座种类份处门辆套间栋节张页"
_UNIT = re.compile(rf"(?:多少|几)[余多万亿]?([{HAN}])")
_PERSONS = "名位人"
# What a question wants to be told, in its own words: 哪一年, 多少名, 哪个单位, how many; to its end where that is near.
_WANTED = re.compile(
    rf"(?:[哪何](?:一?[年月日天]|[里儿时地处人])|什么(?:时[候间]|地[方址]|原因|条件|题目)|啥时候|几[点月号]|哪?几[年天](?!级)|多长时间"
    rf"|(?:多少|几)[{_MEASURES}]|多少|哪(?:[几些]?[{_MEASURES}]|些)[{HAN}]{{0,2}}|多[大高长远深宽重快久]|怎么[样办]?|如何"
    rf"|{_WHY}|为何|[是为由给]?谁|[叫姓]什么(?:名字)?)"
    rf"(?:[{HAN}]{{0,12}}?(?=[呢呀啊]?(?:[^\w“《]|$)))?"
    r"|how (?:many|much|long|far|big|often)|\b(?:when|where|who|why)\b|\bwhich \w+"
)
# What jieba takes into one word with what follows: 哪些项目, 多少|个班, 多|大面积, 10日|有什么安排, 2号线|呢.
_APART = re.compile(rf"哪些|多少(?:人(?!民)|(?!人)[{_MEASURES}])?|多大(?=面积)|日(?=有)|线(?=呢)")
_PARTS = "章节条款项"
_EDITION = "届"
# What a question says of such a part without naming any matter of it.
_OF_A_PART = re.compile("请问|内容|规定|要求|具体|什么|啥|哪些|怎么|如何|[的了是有里说讲写]")
# Parts of speech as jieba names them.
NOUNS = NAMES | {"n", "ng", "vn", "an", "j", "l", "i"}
CONTENT = NOUNS | {"v", "vd", "vg", "a", "ad", "ag", "b", "s", "eng", "known"}
_EXPECTED = 0.6  # chance from which a word's absence is worth saying
_HELD, _BY_SOUND = 0.5, 0.85
_EVEN = 0.5  # chance from which a question hangs on a word

Expectation = Callable[[str, str], float]  # (word, part of speech) → chance that an answering document holds it


@dataclass(frozen=True, slots=True)
class Asked:
    """A question taken apart; every text in it is folded."""

    text: str
    kinds: frozenset[int]  # numbers of KINDS
    words: tuple[str, ...]
    expected: npt.NDArray[np.float64]  # per word: chance that a document which answers holds it
    nouns: npt.NDArray[np.bool_]
    proper: npt.NDArray[np.bool_]  # names of places, persons, organisations
    content: npt.NDArray[np.bool_]  # say something by themselves: 宣讲团, 建成, not 关于 nor 我们
    quantities: tuple[Quantity, ...]
    titles: tuple[str, ...]  # inside 《》 and quotation marks
    unit: str  # what 多少 or 几 counts
    contrasts: tuple[tuple[str, tuple[str, ...]], ...]  # (named in the question, what would be another)

    @property
    def saying(self) -> list[str]:
        """The words that say something by themselves."""
        return [word for word, content in zip(self.words, self.content.tolist(), strict=True) if content]

    @property
    def telling(self) -> list[int]:
        """The kinds asked for whose absence speaks against a sentence."""
        return [kind for kind in TELLING if kind in self.kinds]


def ask_what(question: str, expectation: Expectation) -> Asked:
    """The question taken apart."""
    text = fold(question)
    tagged = content_words(text)
    unit = match[1] if (match := _UNIT.search(text)) and match[1] not in "的是钱年月时" else ""
    named_apart = []
    for group in contrasts():
        named = [word for word in group if word in text]
        if len(named) == 1:
            named_apart.append((named[0], tuple(word for word in group if word != named[0])))
    return Asked(
        text=text,
        kinds=frozenset(number for number, asks in enumerate(ASKS) if asks.search(text)),
        words=tuple(word for word, _ in tagged),
        expected=np.array([expectation(word, tag) for word, tag in tagged]),
        nouns=np.array([tag in NOUNS for _, tag in tagged], bool),
        proper=np.array([tag in NAMES for _, tag in tagged], bool),
        content=np.array([tag in CONTENT and len(word) > 1 for word, tag in tagged], bool),
        quantities=numbers_of(text),
        titles=tuple(_TITLE.findall(text)),
        unit=_PERSONS if unit and unit in _PERSONS else unit,
        contrasts=tuple(named_apart),
    )


@lru_cache(maxsize=4096)
def numbers_of(text: str) -> tuple[Quantity, ...]:
    """The quantities that a folded question names; 哪一天 names none."""
    return quantities(text.replace("哪一", "哪"))


@lru_cache(maxsize=4096)
def content_words(text: str) -> tuple[tuple[str, str], ...]:
    """(word, part of speech) of a folded question, numbers left out; generic ones have the part `generic`."""
    found = [(phrase, "known" if alternatives(phrase) else "eng") for phrase in english_phrases(text)]
    for word, tag in tagged_words(_APART.sub(r"\g<0> ", re.sub(r"[a-z']+", " ", text))):
        if re.search(r"\w", word) and not re.search(r"\d", word) and tag != "m":
            found.append((word, tag))
    return tuple(dict.fromkeys((word, "generic" if is_generic(word) else tag) for word, tag in found))


@lru_cache(maxsize=4096)
def tagged_words(text: str) -> tuple[tuple[str, str], ...]:
    """(word, part of speech) of a text as jieba's dictionary cuts it."""
    import rjieba  # 0.2 s of dictionary, at the first question

    return tuple(rjieba.tag(text))


def holds(text: str, word: str) -> float:
    """How far a folded text holds the word, 0 to 1: itself, one that stands for it, its value, its sound, its parts."""
    if word in text:
        return 1.0
    others, by_value, heard, pairs = _stand_ins(word)
    for other in others:
        if other in text:
            return 0.9
    if by_value and by_value.search(text):
        return 0.7
    if heard and heard in sound(text):
        return _BY_SOUND
    return 0.8 * [pair in text for pair in pairs].count(True) / len(pairs) if pairs else 0.0


@lru_cache(maxsize=4096)
def _stand_ins(word: str) -> tuple[tuple[str, ...], re.Pattern[str] | None, str, tuple[str, ...]]:
    """(other words for it, what its value looks like, its sound where that tells, its pairs of characters)."""
    return (
        tuple(other for other in alternatives(word) if len(other) > 1),
        _HELD_BY_VALUE.get(word),
        sound(word) if len(word) > 1 and not word.isascii() else "",
        tuple(word[at : at + 2] for at in range(len(word) - 1)) if len(word) > 2 else (),
    )


def mentions(text: str, word: str) -> bool:
    """The folded text holds the word, or half of what it is made of."""
    return holds(text, word) >= _HELD


def of_another_edition(asked: Asked, text: str) -> bool:
    """The question is about 第九届 and a folded text about others, such as 第八届, only."""
    for one in asked.quantities:
        if one.ordinal and one.unit == _EDITION:
            editions = [other for other in quantities(text) if other.ordinal and other.unit == _EDITION]
            return bool(editions) and not any(one.agrees(other) for other in editions)
    return False


def no_content_mentioned(asked: Asked, text: str) -> bool:
    """A folded text holds none of the words that say something by themselves and that an answer rather holds than not.

    By its sound only it holds none. An English word that no list knows is one of them: how likely a Chinese text holds
    it cannot be told. So it is with 203 of 235 questions that are of no concern to the article, and with 201 of 3,798
    that are answered.
    """
    hangs_on = [
        word
        for word, expected, content in zip(asked.words, asked.expected.tolist(), asked.content.tolist(), strict=True)
        if content and (expected > _EVEN or (word.isascii() and not is_generic(word)))
    ]
    return bool(hangs_on) and not any(_HELD <= holds(text, word) != _BY_SOUND for word in hangs_on)


def asked_by_number(asked: Asked) -> Quantity | None:
    """The part of a text that a question asks for by its number and nothing else: 第三条规定了什么？"""
    for part in asked.quantities[:1]:
        rest = asked.text[: part.start] + asked.text[part.start + len(part.written) :].removeprefix(part.unit)
        if part.ordinal and part.unit and part.unit in _PARTS and not re.search(r"\w", _OF_A_PART.sub("", rest)):
            return part
    return None


def begins_with(sentence: str, part: Quantity) -> bool:
    """The sentence is that part of a text, or begins it."""
    return any(one.start == 0 and one.agrees(part) for one in quantities(fold(sentence))[:1])


def what_is_missing(asked: Asked, text: str, numbers: Sequence[Quantity], others: str) -> Iterator[str]:
    """What is asked for that a folded text lacks: numbers, titles, nouns, the most expected first, kinds of value.

    A kind of value is lacking where `others`, the folded texts of other passages, have none either.
    """
    yield from (_counted(asked, one) for one in asked.quantities if not any(one.agrees(other) for other in numbers))
    yield from (title for title in asked.titles if title not in text)
    lacking = [
        (expected, word)
        for word, expected, noun in zip(asked.words, asked.expected.tolist(), asked.nouns, strict=True)
        if noun and len(word) > 1 and expected > _EXPECTED and not mentions(text, word)
    ]
    yield from (word for _, word in sorted(lacking, reverse=True))
    yield from (
        _VALUES[kind] for kind in asked.telling if kind in _VALUES and not GIVES[kind].search(f"{text}\n{others}")
    )


def _counted(asked: Asked, number: Quantity) -> str:
    """The number and the rest of its word, or the noun behind it where it has no unit: 二等奖, 第二定律, 38度."""
    start, end = number.start, number.start + len(number.written)
    at = 0
    for word, tag in tagged_words(asked.text):
        begun, at = at, at + len(word)
        if at > end and (begun <= start or (begun == end and tag[0] in "nq" and number.unit == word[0])):
            return asked.text[start:at]
    return number.written


def what_is_wanted(asked: Asked) -> str:
    """What the question wants to be told, in its words: 哪一年, 怎么报名; empty for 是什么, which says little of it."""
    match = _WANTED.search(asked.text)
    return match[0] if match else ""


def expectation_from(words: Mapping[str, float], parts_of_speech: Mapping[str, float]) -> Expectation:
    """The chances learned for single words, and for the rest of each part of speech and length."""
    return lambda word, tag: words.get(word, parts_of_speech.get(word_class(word, tag), 0.5))


def word_class(word: str, tag: str) -> str:
    """The class that an unknown word is expected like: part of speech and length, three and more being one."""
    return f"{tag}{min(len(word), 3)}"
