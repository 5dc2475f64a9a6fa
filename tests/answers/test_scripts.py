"""Questions in scripts that the default model does not read: words alone tell what answers, and what does not."""

# ruff: noqa: RUF001
import uuid

import pytest

from gateway.answers.quoting import quote
from gateway.answers.schemas import UsedPassage
from gateway.answers.words import pieces

pytestmark = pytest.mark.anyio

# The text, questions with the sentence that answers each, and a question about something else.
SCRIPTS: dict[str, tuple[str, dict[str, str], str]] = {
    "Japanese": (
        "夕食は午後6時30分に食堂で出ます。朝食は7時から9時までです。消灯は22時です。"
        "アレルギーのある方は予約時にお知らせください。",
        {
            "夕食は何時に出ますか？": "夕食は午後6時30分に食堂で出ます。",
            "アレルギーがある場合はどうすればいいですか？": "アレルギーのある方は予約時にお知らせください。",
        },
        "ノルウェーの国王は誰ですか？",
    ),
    "Chinese": (
        "图书馆上午九点开门，下午五点关门。会员费每年一百二十元。一次可以借五本书。",
        {"图书馆几点开门？": "图书馆上午九点开门，下午五点关门。", "可以借几本书？": "一次可以借五本书。"},
        "挪威国王是谁？",
    ),
    "Korean": (
        "도서관은 9시부터 17시까지 엽니다. 연회비는 만이천원입니다. 책은 다섯 권까지 빌릴 수 있습니다.",
        {
            "도서관은 언제 열어요?": "도서관은 9시부터 17시까지 엽니다.",
            "연회비가 얼마예요?": "연회비는 만이천원입니다.",
        },
        "노르웨이의 왕은 누구입니까?",
    ),
    "Thai": (
        "ห้องสมุดเปิดเวลา 9 นาฬิกาถึง 17 นาฬิกา\n\nค่าสมาชิกปีละ 120 บาท\n\nยืมหนังสือได้ครั้งละห้าเล่ม",
        {
            "ห้องสมุดเปิดกี่โมง": "ห้องสมุดเปิดเวลา 9 นาฬิกาถึง 17 นาฬิกา",
            "ยืมหนังสือได้กี่เล่ม": "ยืมหนังสือได้ครั้งละห้าเล่ม",
        },
        "ใครเป็นกษัตริย์ของนอร์เวย์",
    ),
    "Hindi": (
        "पुस्तकालय सुबह नौ बजे खुलता है। सदस्यता शुल्क 120 रुपये प्रति वर्ष है। एक बार में पाँच किताबें ली जा सकती हैं।",
        {
            "पुस्तकालय कब खुलता है?": "पुस्तकालय सुबह नौ बजे खुलता है।",
            "सदस्यता शुल्क कितना है?": "सदस्यता शुल्क 120 रुपये प्रति वर्ष है।",
        },
        "नॉर्वे का राजा कौन था?",
    ),
    "Hebrew": (
        "דמי החבר הם 120 שקלים לשנה. הספרייה פתוחה מתשע עד חמש. ילדים עד גיל 12 נכנסים חינם.",
        {"כמה זה עולה לשנה?": "דמי החבר הם 120 שקלים לשנה.", "מי נכנס בחינם?": "ילדים עד גיל 12 נכנסים חינם."},
        "מי צייר את התקרה של הקפלה?",
    ),
    "Arabic": (
        "تفتح المكتبة من التاسعة حتى الخامسة. رسوم العضوية 120 ريالا في السنة. يمكن استعارة خمسة كتب في المرة الواحدة.",
        {
            "متى تفتح المكتبة؟": "تفتح المكتبة من التاسعة حتى الخامسة.",
            "ما هي رسوم العضوية؟": "رسوم العضوية 120 ريالا في السنة.",
        },
        "من هو ملك النرويج؟",
    ),
    "Russian": (
        "Библиотека открыта с 9 до 17 часов. Членский взнос составляет 120 рублей ежегодно. Можно взять пять книг.",
        {
            "Когда открывается библиотека?": "Библиотека открыта с 9 до 17 часов.",
            "Сколько составляет взнос?": "Членский взнос составляет 120 рублей ежегодно.",
        },
        "Кто король Норвегии?",
    ),
}
ASKED = [(script, question) for script, (_, answers, other) in SCRIPTS.items() for question in (*answers, other)]


def passage(text: str) -> UsedPassage:
    """A passage that no model compares."""
    return UsedPassage(
        kind="document", id=uuid.uuid4(), document_id=None, title="-", owner=None, chunk_id=1, content=text, context="",
        heading_path=[], file_id=None, file_name=None, page=None, start=0, end=len(text), score=0.2,
        unread_by_model="a model",
    )  # fmt: skip


@pytest.mark.parametrize(("script", "question"), ASKED, ids=[f"{script}-{at}" for at, (script, _) in enumerate(ASKED)])
async def test_words_of_any_script_find_what_answers(script: str, question: str) -> None:
    text, answers, _ = SCRIPTS[script]
    found = await quote(question, [passage(text)], None)
    assert [each.span.text for each in found.sentences[:1]] == [answers[each] for each in answers if each == question]


def test_words_are_whole_with_their_marks() -> None:
    assert pieces("पुस्तकालय कब") == ["^पुस", "पुस्", "ुस्त", "स्तक", "्तका", "तकाल", "कालय", "ालय$", "^कब$"]
    assert pieces("กี่โมง") == ["กี่โ", "ี่โม", "่โมง"]
