"""What a figure looks like, Chinese, Arabic or English, and what each match says: bot/figures.py finds them in a text.

The order of the patterns counts: what one has taken no later one reads again.
"""

import re

from bot.measures import EXACT, MEASURES, STRICT, Figure
from indexer.quantity import HAN, NUMERALS, RANGE, SCALES, chinese_number

_DIGITS = "〇零一二三四五六七八九"
# Lengths are bounded: no run of digits, however long, is one number.
_ARABIC = r"(?<![\d.,])\d{1,3}(?:,\d{3}){1,4}(?!\d)(?:\.\d{1,6})?|\d{1,15}(?:\.\d{1,6})?"
# 两 at the end is a weight of silver: 八万两.
_NUMBER = rf"(?:{_ARABIC}|(?:[{NUMERALS}]{{0,13}}[{NUMERALS[:-1]}]|两)(?:点[{_DIGITS}]{{1,6}})?)"
_SMALL = rf"(?:(?<![\d.])\d{{1,2}}(?!\d)|(?<![{NUMERALS}])[{_DIGITS}十两]{{1,3}})"  # up to 99
_YEAR = (
    rf"(?:(?<!\d)\d{{4}}|(?<![{NUMERALS}])[{_DIGITS}]{{4}}|民国 ?(?:元|[{NUMERALS}]{{1,5}}|\d{{1,3}}) ?(?=年(?!代)))"
)
_REPUBLIC = 1911  # 民国元年 is the year after
_PERIOD = r"凌晨|清晨|早上|早晨|上午|中午|下午|傍晚|晚上|夜间|夜里|深夜|半夜|午夜|晚"
_AFTER_NOON = frozenset(("下午", "傍晚", "晚上", "晚", "p"))
_LATE = frozenset(("夜间", "夜里", "深夜", "半夜", "午夜"))  # before midnight or behind it: 夜里十点, 夜里两点
_DAY = 1440  # minutes: 24:00 is 0:00
_NIGHT = _LATE | {"晚上", "晚", "凌晨", "a"}  # whose twelve is midnight
# 22点40, 十点二十, 十点零五; 十点五 is 10.5.
_BARE_MINUTE = (
    rf"(?:[0-5]\d(?=[\s,。;、!?)~至到-]|$)|(?:[二三四五]?十[{_DIGITS[2:]}]?|零[{_DIGITS[2:]}])"
    rf"(?![{NUMERALS}]|个?百分点|[倍元块人名位个家米亩吨度岁]|公[里斤顷]))"
)
# 可能一时没水 names no hour.
_HOUR = rf"(?:(?<=[晨午晚夜于至])|(?<=[早晚]上)|(?<=夜[间里])|(?!一时(?!{_SMALL}分|[半整许]|[至到~-]{_SMALL}))){_SMALL}"
# What an hour from ten on is told by, where no part of the day is: 十一点开饭, 十点才关门.
_OF_AN_HOUR = (
    r"[以之][前后]|前(?![提景途后期言])|后(?![来果续期])|才|就|开[饭始]|开门(?!见山)|开放(?!性)|关门|闭馆|[上下]班|熄灯"
)
_POINTS = f"[{_DIGITS}意建要措注原认内启希体具说理共承问经方规计声倡举任服贡心变安协纪]"  # 三点至五点建议, 两点三
_QUARTERS = {"半": 30.0, "一刻": 15.0, "三刻": 45.0}
_ENGLISH_SCALES = {"hundred": 100.0, "thousand": 1000.0, "million": 1e6, "billion": 1e9}
_ENGLISH = {
    word: float(value)
    for value, word in enumerate([
        "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
        "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty",
    ])
} | {
    "thirty": 30.0, "forty": 40.0, "fifty": 50.0, "sixty": 60.0, "seventy": 70.0, "eighty": 80.0, "ninety": 90.0,
}  # fmt: skip
_ENGLISH_ORDINALS = {
    word: float(value)
    for value, word in enumerate([
        "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh",
        "twelfth", "thirteenth", "fourteenth", "fifteenth", "sixteenth", "seventeenth", "eighteenth", "nineteenth",
        "twentieth",
    ], 1)
}  # fmt: skip
_ENGLISH_PARTS = {"third": 3, "quarter": 4, "fifth": 5, "tenth": 10}
_MONTHS = {
    name: number
    for number, names in enumerate([
        "january|jan", "february|feb", "march|mar", "april|apr", "may", "june|jun", "july|jul", "august|aug",
        "september|sept|sep", "october|oct", "november|nov", "december|dec",
    ], 1)
    for name in names.split("|")
}  # fmt: skip
_NO_MONTHS = frozenset(("may", "march"))  # without a day or year they are verbs
_ENGLISH_DAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
_WEEKDAYS = {day: number for number, day in enumerate("一二三四五六日", 1)} | {"天": 7} | {
    day: number for number, day in enumerate(_ENGLISH_DAYS, 1)
}  # fmt: skip
_UNIT = "|".join(sorted(map(re.escape, MEASURES), key=len, reverse=True))
_ENGLISH_UNIT = "|".join(unit for unit in _UNIT.split("|") if re.fullmatch(r"[a-z\\ ]{3,}", unit))
_CLASSIFIERS = frozenset(
    "个名位人所份件部场次期项条座处家种届等级楼层区批轮幅台辆套册卷篇支间栋户张只头棵片步类组队班门节堂校县市省镇村国"
    "折大款枚艘架本代孩胎星席座颗位口号线站路店馆院园峰郡尊幢匹株"
)
_COUNTERS = "".join(sorted(_CLASSIFIERS))
_NO_RANKS = frozenset(("天", "年", "时", "线", "手"))  # 第二天, 第二年, 第一时间, 第一线, 第一手
_COMPARED = frozenset(("倍", "年代", "世纪"))
_LAST = r"(?=[分的左上以,。;、)!?]|$)"  # of a figure: 八块五, 一米八
_BELOW = r"零下 ?|(?<![\da-z度)])[-−](?=\d+(?:\.\d)? ?(?:[~至到—-]+[-−]?\d+(?:\.\d)? ?)?(?:°c|摄氏度|度))"  # zero: -5℃
_ROUGHLY = frozenset("上近过超破成逾")  # 上千名, 突破百万人次; behind it 百余人
_NO_COUNTS = frozenset(("十分", "一度", "万分", "如一日"))
_SOME = "几数"  # 几十年, 数百人


def number(written: str) -> float:
    """The value of Arabic or Chinese numerals."""
    if written[0].isdecimal():  # ٣ too, which float() reads
        return float(written.replace(",", ""))
    whole, _, fraction = written.partition("点")
    value = float(chinese_number(whole))
    return value + float(chinese_number(fraction)) / 10 ** len(fraction) if fraction else value


def _made(match: re.Match[str], kind: str, *value: float, unit: str = "", vague: bool = False) -> Figure:
    return Figure(kind, value, unit, 0, vague, match.start(), match.end(), match[0].strip())


def _read_date(match: re.Match[str]) -> Figure | None:
    month, day = (number(match[name]) if match[name] else 0.0 for name in ("month", "day"))
    if month > 12 or day > 31 or (match["month"] and not month):
        return None
    return _made(match, "date", _year(match["year"] or "0"), month, day)


def _year(written: str) -> float:
    if not written.startswith("民国"):
        return number(written)
    years = written.removeprefix("民国").strip()
    return _REPUBLIC + (1.0 if years == "元" else number(years))


def _read_english_date(match: re.Match[str]) -> Figure | None:
    day = match["day"] or match["day2"]
    if match["month"] in _NO_MONTHS and not day and not match["year"]:
        return None
    return _made(match, "date", float(match["year"] or 0), float(_MONTHS[match["month"]]), float(day or 0))


def _read_year(match: re.Match[str]) -> Figure:
    return _made(match, "date", _year(match["year"]), 0.0, 0.0)


def _read_decade(match: re.Match[str]) -> Figure | None:
    """1940年代, 20世纪40年代, 上世纪四十年代 are the ten years from 1940 on."""
    written = match["year"]
    if written:
        return _made(match, "date", number(written), 0.0, 0.0, unit="年代") if number(written) % 10 == 0 else None
    century = number(match["century"]) if match["century"] else 21.0 if match[0][0] in "本这" else 20.0
    tens = number(match["tens"])
    return _made(match, "date", (century - 1) * 100 + tens, 0.0, 0.0, unit="年代") if tens % 10 == 0 else None


def _read_day(match: re.Match[str]) -> Figure | None:
    day = number(match["day"])
    return _made(match, "date", 0.0, 0.0, day) if day <= 31 else None


def _read_time(match: re.Match[str]) -> Figure | None:
    hour, minute = number(match["hour"]), match["minute"] or ""
    minutes = _QUARTERS.get(minute) or (number(minute) if minute else 0.0)
    period = match["period"] or ""
    if hour > 24 or minutes > 59:
        return None
    if hour == 12 and period in _NIGHT:
        hour = 24.0
    elif (
        (period in _AFTER_NOON and hour < 12) or (period in _LATE and 5 < hour < 12) or (period == "中午" and hour < 3)
    ):
        hour += 12
    return _made(match, "time", (hour * 60 + minutes) % _DAY, unit=period)


def _read_seconds(match: re.Match[str]) -> Figure | None:
    """A time of the day or how long something took."""
    hours, minutes, seconds = (number(match[name]) for name in ("hours", "minutes", "seconds"))
    return _made(match, "time", hours * 60 + minutes + seconds / 60, unit=EXACT) if max(minutes, seconds) < 60 else None


def _read_weekday(match: re.Match[str]) -> Figure:
    return _made(match, "weekday", float(_WEEKDAYS[match["day"]]))


def _read_percent(match: re.Match[str]) -> Figure:
    value = number(match["value"]) / (1000 if match[0].endswith("‰") else 100)
    return _made(match, "percent", value)


def _read_tenths(match: re.Match[str]) -> Figure:
    rest = match["rest"] or ""
    hundredths = 5.0 if rest == "半" else number(rest) if rest else 0.0
    return _made(match, "percent", (10 * number(match["value"]) + hundredths) / 100)


def _read_half(match: re.Match[str]) -> Figure:
    return _made(match, "percent", 0.5, vague=True)


def _read_half_unit(match: re.Match[str]) -> Figure:
    base, factor = MEASURES[match["unit"]]
    return _made(match, "count", factor / 2, unit=base)


def _read_ten_minutes(match: re.Match[str]) -> Figure:
    return _made(match, "count", 600.0, unit="时长")


def _read_fraction(match: re.Match[str]) -> Figure | None:
    lower = number(match["lower"])
    upper = number(match["upper"])
    return _made(match, "percent", upper / lower) if lower and ("/" not in match[0] or upper < lower) else None


def _read_ordinal(match: re.Match[str]) -> Figure | None:
    if match["unit"] in _NO_RANKS:
        return None
    rank, unit = number(match["value"]), match["unit"] or ""
    return _made(match, "ordinal", rank, unit=unit, vague=rank == 1 and unit not in STRICT)


def _read_first(match: re.Match[str]) -> Figure:
    return _made(match, "ordinal", 1.0, unit=match["unit"], vague=match["unit"] not in STRICT)


def _read_roman(match: re.Match[str]) -> Figure:
    values = [{"i": 1, "v": 5, "x": 10}[letter] for letter in match["value"]]
    total = sum(-one if one < after else one for one, after in zip(values, [*values[1:], 0], strict=True))
    return _made(match, "count", float(total), unit="级")


def _read_english_ordinal(match: re.Match[str]) -> Figure:
    word = match["value"]
    return _made(match, "ordinal", _ENGLISH_ORDINALS.get(word) or float(re.sub(r"\D", "", word)), vague=word == "first")


def _read_english_fraction(match: re.Match[str]) -> Figure:
    return _made(match, "percent", _ENGLISH.get(match["upper"], 1.0) / _ENGLISH_PARTS[match["lower"]])


def _read_english_number(match: re.Match[str]) -> Figure:
    written = match["value"]
    in_digits = written[0].isdigit()
    value = float(written.replace(",", "")) if in_digits else sum(_ENGLISH[part] for part in written.split("-"))
    if match["percent"]:
        return _made(match, "percent", value / 100)
    scale = _ENGLISH_SCALES.get(match["scale"] or "", 1.0)
    base, factor = MEASURES.get(match["unit"] or "", ("", 1.0))
    return _made(match, "count", value * scale * factor, unit=base, vague=not in_digits and value <= 2)


def _read_count(match: re.Match[str]) -> Figure | None:
    written, unit = match["value"], match["unit"] or ""
    if (match["half"] or match["more"] == "个多") and f"个{unit}" in MEASURES:  # 一个半月, where 一月 is none
        unit = f"个{unit}"
    scales = (match["scale"] or "") + (match["scale2"] or "")
    chinese = not written[0].isdecimal()
    before = match.string[max(match.start() - 1, 0) : match.start()]
    roughly = before in _ROUGHLY or match["more"] in {"余", "多"}
    counts = not chinese or bool(match["below"]) or _is_number(written, unit, scales, before, roughly)
    if before == "第" or not counts:
        return None
    value = number(written)
    for scale in scales:
        value *= SCALES[scale]
    if match["rest"]:  # 5万5千
        of_rest = 1.0
        for scale in match["scale3"]:
            of_rest *= SCALES[scale]
        value += number(match["rest"]) * of_rest
    if match["half"]:
        value += 0.5 * (SCALES[scales[-1]] if scales else 1)
    if match["tail"]:  # 两年半, 八块五
        value += 0.5 if match["tail"] == "半" else number(match["tail"]) / 10 ** len(match["tail"])
    if match["below"]:
        value = -value
    base, factor = MEASURES.get(unit, (unit if unit in _CLASSIFIERS or unit.isascii() else "", 1.0))
    vague = base in _COMPARED or (chinese and value <= 10) or (written in SCALES and before not in _ROUGHLY)
    shown = match[0] if match["tail"] or unit in MEASURES or unit in _CLASSIFIERS else match[0].removesuffix(unit)
    end = match.start() + len(shown)
    bound = 1 if match["more"] in {"余", "多", "几", "个多"} else 0
    return Figure("count", (value * factor,), base, bound, vague, match.start(), end, shown)


def _is_number(written: str, unit: str, scales: str, before: str, roughly: bool) -> bool:
    """Chinese numerals that count something, and are no part of a word: not 一起, 千方百计, 三三两两."""
    if written[0] in "十百千万亿" and before in {*_SOME}:
        return False
    if written[0] in "百千万亿" and len(written) < 3:
        return (unit in _CLASSIFIERS or unit in MEASURES) and roughly
    if len(written) == 1 and not scales:
        return (unit in MEASURES or unit in _CLASSIFIERS) and not _NO_COUNTS & {written + unit, before + written + unit}
    if not set(written) & set("十百千万亿〇零"):
        return bool(scales) or len(written) > 2
    return True


def _read_some(match: re.Match[str]) -> Figure:
    value = 1.0
    for scale in match["scale"]:
        value *= SCALES[scale]
    base, factor = MEASURES.get(match["unit"], (match["unit"], 1.0))
    return _made(match, "some", value * factor, unit=base, vague=True)


READERS = tuple(
    (re.compile(pattern), read)
    for pattern, read in (
        (
            rf"(?:(?P<year>(?<!\d)[12]\d{{2}}0|(?<![{NUMERALS}])[一二][{_DIGITS}]{{2}}[〇零])"
            rf"|(?:(?P<century>{_SMALL})世纪|[上本这]个?世纪)(?P<tens>\d0|[一二三四五六七八九]?十))年代",
            _read_decade,
        ),
        (
            r"(?<![\d.])(?P<year>1[5-9]\d\d|20\d\d)(?P<mark>[-/.])(?P<month>\d\d?)(?P=mark)(?P<day>\d\d?)(?!\d)",
            _read_date,
        ),
        (
            rf"(?:(?P<year>{_YEAR})年度?)?(?P<month>{_SMALL})月份?(?!龄)(?:(?P<day>{_SMALL})(?:[日号]|(?![个次名位场批项天年月])))?",
            _read_date,
        ),
        (rf"(?P<year>)(?P<month>(?!一到){_SMALL})(?P<day>)(?=[-–—~至到]{_SMALL}月(?!龄))", _read_date),
        (r"(?<![\d.])(?P<year>)(?P<month>\d\d?)·(?P<day>\d\d?)(?!\d)", _read_date),
        (
            rf"\b(?:(?P<day>\d\d?)(?:st|nd|rd|th)? )?(?P<month>{'|'.join(sorted(_MONTHS, key=len, reverse=True))})\b\.?"
            r"(?: (?P<day2>\d\d?)(?:st|nd|rd|th)?(?!\d))?(?:,? (?P<year>\d{4}))?",
            _read_english_date,
        ),
        (rf"(?P<year>{_YEAR})(?:年(?!级)|[级届])", _read_year),
        (r"(?<![\d.,-])(?P<year>1[5-9]\d\d|20\d\d)(?=[-–—~至到/][12]\d{3}年)", _read_year),
        (r"\b(?:in|since|by|until|from|to|of|before|after|during|year) (?P<year>1[5-9]\d\d|20\d\d)\b(?!,)", _read_year),
        (r"(?<!\d)(?<!\d:)(?P<hours>\d{1,3}):(?P<minutes>\d\d):(?P<seconds>\d\d)(?!:?\d)", _read_seconds),
        (rf"(?P<hours>{_SMALL})时(?P<minutes>{_SMALL})分(?P<seconds>{_SMALL})秒", _read_seconds),
        (r"(?<![\d.])(?<!\d:)(?P<hour>\d\d?)(?::(?P<minute>\d\d))? ?(?P<period>[ap])\.?m\b\.?", _read_time),
        (
            rf"(?P<period>{_PERIOD})?(?<![高初大](?=[一二三四]时))(?P<hour>{_HOUR})(?:时(?![间候代期常刻段尚速])|点(?=半|整|钟|[一三]刻|{_SMALL}分|{_BARE_MINUTE}))"
            rf"(?P<minute>半|[一三]刻|{_SMALL}(?=分)|{_BARE_MINUTE})?分?",
            _read_time,
        ),
        (rf"(?P<period>{_PERIOD})(?P<hour>{_SMALL})点(?P<minute>半|[一三]刻)?", _read_time),
        (r"(?P<period>)(?P<hour>(?<![\d.])(?<!\d:)\d\d?)点(?P<minute>)(?![\d])", _read_time),
        (rf"(?P<period>)(?P<hour>(?<!第){_SMALL})点(?P<minute>)(?=[至到]{_SMALL}点(?!{_POINTS}))", _read_time),
        (rf"(?P<period>)(?P<hour>(?<=点[至到]){_SMALL})点(?P<minute>)(?!{_POINTS})", _read_time),
        (
            rf"(?P<period>)(?P<hour>(?<![{NUMERALS}第这共有以上下达成提出])十[一二]?)点(?P<minute>)(?={_OF_AN_HOUR})",
            _read_time,
        ),
        (rf"(?P<period>{_PERIOD})?(?P<hour>(?<!\d)(?<!\d:)\d\d?):(?P<minute>\d\d)(?!:?\d)", _read_time),
        (
            rf"(?P<period>{_PERIOD})?(?<!\d)(?<!\d:)(?P<hour>\d\d?)(?P<minute>)(?={RANGE.pattern}\d\d?(?:点(?!\d)|时(?![间候代期常刻段尚速])))",
            _read_time,
        ),
        (rf"(?<!第)(?P<day>{_SMALL})(?={RANGE.pattern}{_SMALL}[日号](?![线楼院馆门车桥店厅台文井]))", _read_day),
        (rf"(?<!如(?=一日))(?P<day>{_SMALL})(?:日|号(?![线楼院馆门车桥店厅台文井]))", _read_day),
        (r"(?:(?<!一)周|星期|礼拜)(?P<day>[一二三四五六日天])(?![场次回节个])", _read_weekday),
        (
            r"(?<=[周期拜][一二三四五六][、和,])(?P<day>[一二三四五六日天])(?=[^一二三四五六七八九十个场次周月]|$)",
            _read_weekday,
        ),
        (rf"\b(?P<day>{'|'.join(_ENGLISH_DAYS)})s?\b", _read_weekday),
        (rf"百分之(?P<value>{_NUMBER})", _read_percent),
        (rf"(?P<value>{_NUMBER}) ?[%‰]", _read_percent),
        (rf"(?P<value>{_NUMBER})(?={RANGE.pattern}{_NUMBER} ?%)", _read_percent),
        (rf"(?P<lower>{_NUMBER})分之(?P<upper>{_NUMBER})", _read_fraction),
        (
            r"(?<![\d./-])(?<!\d:)(?P<upper>[1-9])/(?P<lower>[2-9]|10)(?=[的左以多强弱,。;、)!?\s]|$)(?! ?\d)",
            _read_fraction,
        ),
        (
            rf"(?P<value>(?<![\d.])\d|(?<![{NUMERALS}])[一二三四五六七八九两])成"
            rf"(?![为立功员绩果都本长年人熟效就品片部交语份套家吉形活虫型败因龙行色分])(?P<rest>[{_DIGITS[2:]}\d](?![\d.{NUMERALS}{_COUNTERS}])|半)?",
            _read_tenths,
        ),
        # 前半年 and 后半天 are parts of one, 提前半年 and 课后半小时 are not.
        (
            rf"(?<![上下大多个\d{NUMERALS}])(?:(?<![前后])|(?<=提前)|(?=半(?:个|小时|钟头)))"
            r"半(?P<unit>年|天|日|个月|个?小时|个?钟头)",
            _read_half_unit,
        ),
        (r"(?<=小时)十分(?=[,。;、!?)后前的内]|$)", _read_ten_minutes),  # elsewhere 十分 is very
        (r"一半|半数|半幅|\bhalf\b", _read_half),
        (
            rf"\b(?P<upper>a|an|{'|'.join(_ENGLISH)})[- ](?P<lower>{'|'.join(_ENGLISH_PARTS)})s?\b",
            _read_english_fraction,
        ),
        (
            rf"(?<![无多半人总\d{NUMERALS}])[{_SOME}](?P<scale>[十百千][万亿]?|万亿?|亿)[余多]?(?P<unit>{_UNIT}|[{_COUNTERS}])",
            _read_some,
        ),
        (rf"第(?P<value>{_NUMBER})(?P<unit>[{HAN}])?", _read_ordinal),
        (r"首(?P<unit>[届次个批位家部座例期季款场条名任道支所处本])", _read_first),
        (r"(?<![a-z])(?P<value>[ivx]{1,4})级", _read_roman),
        (rf"\b(?P<value>{'|'.join(_ENGLISH_ORDINALS)}|\d{{1,4}}(?:st|nd|rd|th))\b", _read_english_ordinal),
        (
            rf"\b(?P<value>(?:{'|'.join(_ENGLISH)})(?:-(?:{'|'.join(_ENGLISH)}))?)"
            rf"(?: (?P<scale>{'|'.join(_ENGLISH_SCALES)}))?"
            rf"(?: (?P<percent>per ?cent)|[ -](?P<unit>{_ENGLISH_UNIT}|[a-z]+))?\b",
            _read_english_number,
        ),
        (
            rf"(?<![\d.])(?P<value>{_ARABIC})(?: (?P<scale>{'|'.join(_ENGLISH_SCALES)})\b)?"
            rf"(?: (?P<percent>per ?cent)\b|[ -](?P<unit>{_ENGLISH_UNIT}|[a-z]+)\b|(?<=[a-z]))",
            _read_english_number,
        ),
        (
            rf"(?P<below>{_BELOW})?(?P<value>{_NUMBER})\s?(?P<scale>(?:[万亿百]|千(?![瓦克米卡赫伏帕])){{0,3}})(?P<more>[余多来几]|个多(?=小时|钟头|月|星期))?(?P<scale2>[万亿]?)"
            rf"(?:(?P<rest>\d{{1,4}})(?P<scale3>[百千]?万|[百千]))?(?P<half>个?半(?![数场球]))?"
            rf"(?:\(\w\))?\s?(?P<unit>(?:{_UNIT})(?![a-z])|[{HAN}]|[a-z]{{1,3}}(?![a-z])|)"
            rf"(?P<tail>(?<=[年月天块元度时米斤里吨亩])半(?![数夜场球径价挂导成圆山程潜湿坡])|(?:(?<=[块元度角])|(?<=[{_DIGITS[2:]}两]米))[{_DIGITS[2:]}]{_LAST}|(?<=块)\d{_LAST}"
            rf"|(?<=\d米)\d\d?{_LAST})?",
            _read_count,
        ),
    )
)  # fmt: skip
