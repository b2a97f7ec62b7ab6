"""Reads names aloud: pinyin and initials for search, with surnames read as surnames; stores nothing."""

from __future__ import annotations

from functools import lru_cache

FULL_LENGTH = 200
INITIALS_LENGTH = 40

# Surnames that the dictionary reads as the everyday word. Where families differ (盖 ge or gai,
# 覃 qin or tan), the reading of most bearers; a member's own reading is the override.
_ONE_CHARACTER = {
    "单": "shan", "曾": "zeng", "仇": "qiu", "解": "xie", "查": "zha", "区": "ou", "任": "ren",
    "朴": "piao", "员": "yun", "盖": "ge", "乐": "yue", "缪": "miao", "冼": "xian", "洗": "xian",
    "翟": "zhai", "谌": "chen", "牟": "mou", "宿": "su", "折": "she", "薄": "bo", "召": "shao",
    "阚": "kan", "种": "chong", "黑": "he", "秘": "bi", "繁": "po", "覃": "qin", "祭": "zhai",
    "卜": "bu", "晟": "cheng", "尉": "wei", "柏": "bai", "佴": "nai", "都": "du", "重": "chong",
    "粘": "nian", "过": "guo", "相": "xiang", "行": "xing", "纪": "ji", "呙": "guo", "句": "gou",
    "莘": "shen", "郇": "xun", "郏": "jia", "降": "jiang", "隗": "wei", "颉": "xie", "乜": "nie",
    "占": "zhan", "六": "lu", "贲": "ben", "厍": "she", "圈": "juan", "观": "guan", "角": "jue",
    "宓": "mi", "尹": "yin", "俞": "yu", "於": "yu", "褚": "chu", "车": "che", "石": "shi",
    "葛": "ge", "曲": "qu", "宁": "ning", "应": "ying", "强": "qiang", "盛": "sheng", "谷": "gu",
    "沈": "shen", "贾": "jia", "逯": "lu", "訾": "zi", "隽": "juan", "郗": "xi", "臧": "zang",
    "干": "gan", "殷": "yin", "洪": "hong", "仉": "zhang", "适": "kuo", "藉": "ji", "叶": "ye",
    "瞿": "qu", "佘": "she", "鲜": "xian", "那": "na", "哈": "ha", "撒": "sa", "令": "ling",
    "舍": "she", "幺": "yao", "钭": "tou", "殳": "shu", "庹": "tuo", "禚": "zhuo", "逄": "pang",
}  # fmt: skip
_TWO_CHARACTERS = {
    "欧阳": "ouyang", "尉迟": "yuchi", "万俟": "moqi", "长孙": "zhangsun", "令狐": "linghu",
    "澹台": "tantai", "单于": "chanyu", "皇甫": "huangfu", "宰父": "zaifu", "子车": "ziju",
    "乐正": "yuezheng", "颛孙": "zhuansun", "亓官": "qiguan", "夏侯": "xiahou", "公冶": "gongye",
    "司马": "sima", "上官": "shangguan", "诸葛": "zhuge", "东方": "dongfang", "赫连": "helian",
    "申屠": "shentu", "公孙": "gongsun", "仲孙": "zhongsun", "轩辕": "xuanyuan", "钟离": "zhongli",
    "宇文": "yuwen", "慕容": "murong", "鲜于": "xianyu", "闾丘": "lvqiu", "司徒": "situ",
    "司空": "sikong", "司寇": "sikou", "端木": "duanmu", "巫马": "wuma", "公西": "gongxi",
    "漆雕": "qidiao", "拓跋": "tuoba", "呼延": "huyan", "百里": "baili", "南宫": "nangong",
    "淳于": "chunyu", "羊舌": "yangshe", "梁丘": "liangqiu", "左丘": "zuoqiu", "东郭": "dongguo",
    "西门": "ximen", "独孤": "dugu", "濮阳": "puyang", "太叔": "taishu", "谷梁": "guliang",
}  # fmt: skip
# Between the parts of names that were not Chinese to begin with.
BETWEEN = " \u3000·•・‧.．-'’"


@lru_cache(maxsize=32_768)
def name_pinyin(name: str, surname_override: str | None = None) -> tuple[str, str]:
    """("zhangsan", "zs"): lower case, no spaces; ü is v, as people type it.

    surname_override: how this family reads its own name ("Shan"). Letters stay as they are, and
    a character that no dictionary knows stands for itself, so that a search can still find it.
    """
    plain = "".join(char for char in name if char not in BETWEEN)
    surname = _surname(name, plain)
    given = plain[len(surname) :]
    syllables = [*_surname_syllables(surname, surname_override), *_read(given)]
    full = "".join(syllables).lower()
    initials = "".join(part[0] for part in syllables if part).lower()
    return full[:FULL_LENGTH], initials[:INITIALS_LENGTH]


def _surname(name: str, plain: str) -> str:
    if len(plain) >= 3 and plain[:2] in _TWO_CHARACTERS:
        return plain[:2]
    # 阿依古丽·买买提 has no surname to read otherwise.
    has_parts = len(plain) != len(name.replace(" ", "").replace("\u3000", ""))
    return "" if has_parts or plain[:1].isascii() else plain[:1]


def _surname_syllables(surname: str, override: str | None) -> list[str]:
    own = "".join((override or "").split()).lower()
    if own:
        return [own] if len(surname) < 2 else _halves(own, surname)
    if surname in _TWO_CHARACTERS:
        return _halves(_TWO_CHARACTERS[surname], surname)
    if surname in _ONE_CHARACTER:
        return [_ONE_CHARACTER[surname]]
    return [*_read(surname)]


def _halves(reading: str, surname: str) -> list[str]:
    """The two syllables of a two-character surname, so that both give an initial."""
    second = _SECOND_SYLLABLES.get(surname) or _read(surname[1])[0]
    if reading.endswith(second) and reading != second:
        return [reading.removesuffix(second), second]
    return [reading]


# Second halves that are not the everyday reading of the character.
_SECOND_SYLLABLES = {"万俟": "qi", "子车": "ju", "乐正": "zheng", "宰父": "fu", "皇甫": "fu"}


@lru_cache(maxsize=32_768)
def _read(text: str) -> tuple[str, ...]:
    """Syllables of Chinese text; other text is one piece a run.

    Remembered: in a large roster the same given names come again and again.
    """
    # Its dictionary takes 55 MB: only where a name is read.
    from pypinyin import lazy_pinyin

    return tuple(piece for piece in lazy_pinyin(text) if piece)
