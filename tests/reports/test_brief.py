"""The brief on a planted world: what it says, nothing else, and that the checker would notice."""

import re
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from gaung.reports import brief, check, delivery, facts, words
from gaung.reports.brief import Page
from gaung.reports.words import Language
from tests.browser import browser
from tests.reports.conftest import DAY

BRANDS = ("kopi", "sepi", "satu", "asing")


def page(brand_id: str = "kopi", language: Language = "id", day: date = DAY) -> Page:
    return delivery.make(brand_id, day=day, language=language).page


class _Seen(HTMLParser):
    """What a reader sees, without charts and queries."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden: list[str] = []
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        if tag in ("svg", "style", "details", "title"):
            self.hidden.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self.hidden and self.hidden[-1] == tag:
            self.hidden.pop()

    def handle_data(self, data: str) -> None:
        if not self.hidden:
            self.words.append(data)


def seen(of: Page) -> str:
    reader = _Seen()
    reader.feed(of.html)
    return " ".join(" ".join("".join(reader.words).split()).split())


def test_what_the_page_says(shop: Path) -> None:
    said = seen(page())

    assert "Kabar harian, Jumat, 6 Maret 2026" in said
    assert "24 unggahan" in said
    assert "+4 dari hari sebelumnya (20)" in said
    assert "Biasanya pada hari Jumat: 12,5 (rata-rata dari 4 minggu sebelumnya)" in said
    assert "Dari 23 unggahan yang dapat dinilai, 13 positif, 9 negatif, 1 netral." in said
    assert (
        "Positif dikurangi negatif: +17,4 dari tiap seratus; hari sebelumnya +50,0, jadi berubah −32,6."
        in said
    )
    assert "diunggah ulang 1 kali" in said
    assert "Yang paling menurunkan suasana hati" in said
    assert (
        "Percakapan ini berisi 10 unggahan: 0 positif, 9 negatif. Tanpa percakapan ini selisihnya +92,9"
        in said
    )
    assert "Data contoh buatan" in said


def test_the_english_page_says_the_same(shop: Path) -> None:
    said = seen(page(language="en"))

    assert "Daily brief, Friday, 6 March 2026" in said
    assert "Of 23 posts that could be scored, 13 positive, 9 negative, 1 neutral." in said
    assert "Usual for a Friday: 12.5 (mean of 4 weeks before)" in said


def test_the_action_is_the_first_rule_that_holds(shop: Path) -> None:
    found = page().facts

    [action] = found.rows["action"]
    assert action["rule_id"] == "many_complaints"
    assert action["measure_value"] == round(found.rows["headline"][0]["negative_share_low_pct"], 1)
    assert action["action_id"] in seen(page())


def test_whom_to_answer_and_thank(shop: Path) -> None:
    contacts = page().facts.rows["contacts"]
    said = seen(page())

    assert [row["reason"] for row in contacts if row["purpose"] == "answer"] == ["complaint"] * 3
    assert {row["handle"] for row in contacts} == {None}
    assert contacts[0]["waiting_count"] == 10
    assert page().facts.rows["explanation"][0]["handle"] == '<i>loud"</i>'
    assert "asker_private" not in page().html
    assert "kopiuji" not in said
    assert "@&lt;i&gt;loud" in page().html
    assert "3456" not in page().html
    assert said.count("akun pribadi") == 6


@pytest.mark.parametrize("language", ["id", "en"])
@pytest.mark.parametrize("brand_id", BRANDS)
def test_numbers_equal_the_queries_and_bytes_repeat(shop: Path, brand_id: str, language: Language) -> None:
    first = delivery.make(brand_id, day=DAY, language=language)
    again = delivery.make(brand_id, day=DAY, language=language)

    assert first.path.read_bytes() == again.path.read_bytes() == first.page.html.encode()
    assert first.number_count == (0 if brand_id == "sepi" else first.page.html.count("<data "))
    assert (first.number_count >= check.FEWEST_NUMBERS) == (brand_id != "sepi")


def test_a_brand_without_posts_gets_an_honest_page(shop: Path) -> None:
    said = seen(page("sepi"))

    assert "Tidak ada unggahan" in said
    assert "Belum pernah ada unggahan tentang merek ini yang terkumpul." in said
    assert not re.search(r"\b0\b", said)


def test_a_day_without_posts_names_the_last_one(shop: Path) -> None:
    assert "berasal dari Jumat, 6 Maret 2026" in seen(page(day=DAY + timedelta(days=2)))


def test_one_post_is_too_few_to_judge(shop: Path) -> None:
    said = seen(page("satu"))

    assert "terlalu sedikit untuk dinilai" in said
    assert "Hari sebelumnya tidak ada data untuk dibandingkan." in said
    assert "Belum cukup minggu" in said
    assert "hanya ada 1 unggahan" in said


def test_unscored_posts_have_no_mood(shop: Path) -> None:
    said = seen(page("asing"))

    assert "belum dapat dinilai" in said
    assert "Tidak satu pun unggahan hari itu dapat kami nilai; bukan berarti semuanya netral." in said
    assert "Positif dikurangi negatif" not in said
    assert "Yang paling ramai dibicarakan" in said


def test_hostile_text_stays_text(shop: Path) -> None:
    html = page().html

    assert "<script" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert "<img" not in html
    assert html.count("<style>") == 1
    assert "\u202e" not in html
    assert "\u2066" not in html
    assert "{{ 7*7 }}" in html
    assert "x" * 300 not in html
    assert '<b>"Uji"' not in html


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (">24</data>", ">25</data>", "the page says '25'"),
        ('value="24"', 'value="25"', "is 24"),
        ("<footer>", "<p>Sekitar 300 orang</p><footer>", "names no query"),
        ("<footer>", "<script>alert(1)</script><footer>", "<script>"),
        ("<footer>", '<p style="color:red">x</p><footer>', "attribute style"),
        ("<footer>", "<svg onload='x()'></svg><footer>", "attribute onload"),
        ("I love kopi uji", "I loved kopi uji", "another text"),
        ('data-column="post_count"', 'data-column="nonsense"', "no answer of a query"),
        ("from marts.rpt_brand_day__hours", "from nowhere", "not the one that was asked"),
        ("default-src 'none'", "default-src *", "no content policy"),
        ('aria-roledescription="axis"', 'aria-roledescription="axle"', "is not drawn from its query"),
        ("−32,6", "−32.6", "the page says"),
        ("akun pribadi", "@asker_private", "an account is named"),
        ("Jumat, 6 Maret 2026</time>", "Jumat, 6 Maret 2025</time>", "is written"),
    ],
)
def test_the_checker_notices(shop: Path, old: str, new: str, told: str) -> None:
    good = page()
    wrong = replace(good, html=good.html.replace(old, new, 1))
    assert wrong.html != good.html

    with pytest.raises(check.PageWrong, match=re.escape(told)):
        check.verify(wrong)


def test_a_page_whose_data_moved_on_is_not_sent(shop: Path) -> None:
    good = page()
    moved = facts.collect("kopi", DAY)
    moved.rows["headline"][0]["post_count"] += 1
    moved.rows["days"][-1]["post_count"] += 1

    with pytest.raises(check.PageWrong, match="the chart days-narrow is not drawn from its query"):
        check.compare(good, moved)


@pytest.mark.parametrize(
    ("value", "form", "indonesian", "english"),
    [
        ("1234.45", "decimal", "1.234,5", "1,234.5"),
        ("-0.04", "signed_decimal", "0,0", "0.0"),
        ("-1234", "signed_count", "−1.234", "−1,234"),
        ("7", "signed_count", "+7", "+7"),
        ("1000000", "count", "1.000.000", "1,000,000"),
    ],
)
def test_numbers_are_written_and_read_in_the_language(
    value: str, form: words.Form, indonesian: str, english: str
) -> None:
    for language, text in (("id", indonesian), ("en", english)):
        assert words.number(Decimal(value), form, language) == text  # type: ignore[arg-type]
        assert words.read(text, language) == words.shown(Decimal(value), form)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="not a number"):
        words.read("1.234.5", "id")


def test_texts_are_cut_and_cleaned() -> None:
    assert brief.clean("a\u202eb\u0000c\nd") == "abc d"
    assert brief.clean(None) == ""
    assert len(brief.clean("word " * 500)) <= brief.QUOTE_LENGTH
    assert brief.clean("word " * 500).endswith("word…")
    assert len(brief.clean("y" * 10_000)) == brief.QUOTE_LENGTH


LOADED = "document.readyState === 'complete' && location.protocol === 'file:'"
MEASURE = """(() => {
  const bad = [], light = c => {
    const v = c.map(x => { x /= 255; return x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4 });
    return 0.2126 * v[0] + 0.7152 * v[1] + 0.0722 * v[2];
  }, rgb = s => (s.match(/[\\d.]+/g) || []).map(Number);
  const behind = e => { for (; e; e = e.parentElement) { const c = rgb(getComputedStyle(e).backgroundColor);
    if (c.length === 3 || c[3] > 0) return c.slice(0, 3); } return [255, 255, 255]; };
  let least = 99;
  for (const e of document.querySelectorAll('body *')) {
    const own = [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim());
    const box = e.getBoundingClientRect();
    if (!own || !box.width) continue;
    const style = getComputedStyle(e);
    const a = light(rgb(e.closest('svg') ? style.fill : style.color)), b = light(behind(e));
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    least = Math.min(least, ratio);
    if (ratio < 4.5) bad.push([e.tagName, e.textContent.slice(0, 20), ratio]);
    if (box.right > innerWidth + 0.5 || box.left < -0.5) bad.push([e.tagName, 'is clipped', box.right]);
    if (!e.closest('svg') && e.scrollWidth > e.clientWidth + 1 && style.display !== 'inline')
      bad.push([e.tagName, 'overflows', e.textContent.slice(0, 20)]);
  }
  const texts = [...document.querySelectorAll('svg text')].filter(t => t.getBoundingClientRect().width);
  texts.forEach((t, i) => texts.slice(i + 1).forEach(u => {
    if (t.closest('svg') !== u.closest('svg')) return;
    const p = t.getBoundingClientRect(), q = u.getBoundingClientRect();
    const w = Math.min(p.right, q.right) - Math.max(p.left, q.left);
    const h = Math.min(p.bottom, q.bottom) - Math.max(p.top, q.top);
    if (w > 1 && h > 1) bad.push(['text', t.textContent, u.textContent]);
  }));
  return {bad, least, wide: document.documentElement.scrollWidth, scripts: document.scripts.length,
          loaded: performance.getEntriesByType('resource').length,
          styled: getComputedStyle(document.querySelector('main')).maxWidth};
})()"""


def test_the_page_as_a_browser_shows_it(shop: Path) -> None:
    with browser() as page:
        for brand_id in BRANDS:
            for width in (360, 1280):
                page.size(width, 900, mobile=width < 600)
                page.open(delivery.make(brand_id, day=DAY).path.resolve().as_uri(), LOADED)
                page.run("document.querySelectorAll('details').forEach(d => d.open = true)")
                found = page.run(MEASURE)

                assert found["bad"] == [], (brand_id, width)
                assert found["wide"] <= width
                assert found["least"] >= 4.5
                assert found["scripts"] == 0
                assert found["loaded"] == 0
                assert found["styled"] != "none", "the page's own style was refused"
