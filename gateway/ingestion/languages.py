"""What languages look like beyond ASCII, for guessing the encoding of a text: their letters and their encodings.

Frequent is what makes up most of a text: of Chinese, Japanese and Korean a few hundred characters do.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Language:
    """Encodings, the likeliest first, and letters beyond ASCII in lower case: the frequent ones and others."""

    encodings: tuple[str, ...]
    frequent: str
    others: str = ""
    has_ideographs: bool = False


WEST = ("cp1252", "mac_roman", "cp850")
MIDDLE = ("cp1250", "iso8859_2", "cp852")
KANA = "".join(chr(n) for n in (*range(0x3041, 0x3097), *range(0x30A1, 0x30FB))) + "ー"
HANGUL = "".join(chr(n) for n in range(0xAC00, 0xD7A4))
THAI = "".join(chr(n) for n in (*range(0x0E01, 0x0E3B), *range(0x0E40, 0x0E4D)))
SYLLABLES = (
    "이다는을가에의은를고하지한도로나사기서그인자리아어시대있정과수부것안들일만해보라원제게스구여전니면주장으성동조상"
    "화유적우무비국경공문신생소요오계관들내용개중방위요세물분연습"
)
KANJI = (
    "日一国会人年大十二本中長出三同時政事自行社見月分議後前民生連五発間対上部東者党地合市業内相方四定今回新場金員九入"
    "選立開手米力学問高代明実円関決子動京全目表戦経通外最言氏現理調体化田当八六約主題下首意法不来作性的要用制治度務強"
    "気小七成期公持野協取都和統以機平総加山思家話世受区領多県続進正安設保改数記院女初北午指権心界支第産結百派点教報済"
    "書府活原先共得解名交資予川向際査勝面委告軍文反元重近千考判認画海参売利組知案道信策集在件団別物側任引使求所次水"
)
HANZI = (
    "的一是不了在人有我他中上大和地到以要就出可也你生能而子那得下自之年作用道行所然家事成方多去法如都同面起看定天分好"
    "小部其些主理心她本前但因只想日者意力它把十民第公此已工使情明性知全三又正外高由很最重物手向文政美相被利什二等或新"
    "己制身果加西斯月合回特代信表化老世位次度任常先海通教原提立及比解水名真走各入口平系活更打女四神何安少才反受目太量"
    "再感建做接必件管期市直德命山金指克保至形社便空治展科司五基眼非白界光放即像且思王象完式色路南品住告求程北死交取拉"
    "格望共清今切院候"
)
SIMPLIFIED = HANZI + (
    "这个们来为国说时会对于着过发后里种经么学现当没动还进样开从实军无与长机关点业将两间问并应战头体见产话内给门儿东声"
    "员论处义几认条气题尔别变总电数报结务场计资许统区队决马书则听却达强难权设记类据边张该规万觉术领确传师观让识带导争"
    "运"
)
TRADITIONAL = HANZI + (
    "這個們來為國說時會對於著過發後裡種經麼學現當沒動還進樣開從實軍無與長機關點業將兩間問並應戰頭體見產話內給門兒東聲"
    "員論處義幾認條氣題爾別變總電數報結務場計資許統區隊決馬書則聽卻達強難權設記類據邊張該規萬覺術領確傳師觀讓識帶導爭"
    "運"
)
LANGUAGES = (
    Language(WEST, "äöüß"),  # German
    Language(WEST, "éèêàçùâîïôûëœ", "ÿæüö"),  # French
    Language(WEST, "áéíóúñ", "ü"),  # Spanish
    Language(WEST, "ãçáéíóâêõú", "àôü"),  # Portuguese
    Language(WEST, "àèéìòù", "íóúî"),  # Italian
    Language(WEST, "æøå", "éöäü"),  # Danish, Norwegian
    Language(WEST, "åäö", "éüš"),  # Swedish, Finnish
    Language(WEST, "áðéíóúýþæö"),  # Icelandic
    Language(WEST, "àèéíòóúïüç", "ëöáñ"),  # Catalan, Dutch
    Language(WEST, "õäöü", "šž"),  # Estonian
    Language(MIDDLE, "ąćęłńóśźż"),  # Polish
    Language(MIDDLE, "áčďéěíňřšťůúýž", "óľĺŕôä"),  # Czech, Slovak
    Language(MIDDLE, "áéíóöőúüű"),  # Hungarian
    Language(MIDDLE, "ăâîşţ"),  # Romanian
    Language(MIDDLE, "čćžšđ"),  # Croatian, Slovene
    Language(("cp1254", "cp857"), "çğıöşüİ", "âîû"),  # Turkish
    Language(("cp1257",), "ąčęėįšųūž"),  # Lithuanian
    Language(("cp1257",), "āčēģīķļņšūž"),  # Latvian
    Language(("cp1251", "koi8_u", "cp866", "mac_cyrillic"), "оеаинтсрвлкмдпуяыьз", "бгчйхжшюцщэфъёіїєґ"),
    Language(("cp1253", "iso8859_7"), "αοιετσνηυρπκμλωςίόάέήύώ", "γδχθφβξζψϊϋΐΰ"),
    Language(("cp1255",), "יוהלאבתרמשנםן", "גדזחטכסעפצקץףך"),
    Language(("cp1256",), "ابتجحدرسشعفقكلمنهويأإىةآ", "ثخذزصضطظغءؤئ"),
    Language(("cp874",), "านรอกเงมยลวดทสตะัิี่้", THAI),
    Language(("cp932", "euc_jp"), KANA + KANJI, has_ideographs=True),
    Language(("cp949",), SYLLABLES, HANGUL),
    Language(("gb18030",), SIMPLIFIED, has_ideographs=True),
    Language(("big5hkscs",), TRADITIONAL, has_ideographs=True),
)
