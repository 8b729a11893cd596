"""Words of texts that may be a name misspelt; people decide whether they are.

Terms are words as written and pairs of neighbours, without links and handles. Most are sifted out over
whole columns before letters are compared. A term that is near a name holds one of its parts: of a name cut
into one part more than letters may be wrong, a letter between them, each mistake spoils one at most. And it
shares most of the name's letter pairs, since a wrong letter costs it two of them, two swapped ones three.
"""

import hashlib
from collections.abc import Sequence

import polars as pl
import pyarrow as pa

from gaung.text import clean, fold, names, versions

WORD = r"[\p{L}\p{N}]{2,40}"
MAX_CHARACTERS = 5_000
"""Of a longer text the head is read."""

LOST_PAIRS = 3
"""Letter pairs of a name that one mistake may cost it."""

SUGGESTION = pa.struct(
    [("id", pa.string()), ("name", pa.string()), ("spelling", pa.string()), ("distance", pa.int32())]
)


def version(known: Sequence[names.Name], ordinary: Sequence[str] = ()) -> str:
    """The engine's version with a hash of the names: other names read every text again."""
    listed = sorted((name.id, name.spelling) for name in known)
    digest = hashlib.sha256(repr((listed, sorted(ordinary))).encode()).hexdigest()
    return f"gaung-spelling-{versions.SPELLING}+{digest[:12]}"


def suggest(
    batch: pa.RecordBatch, known: Sequence[names.Name], ordinary: Sequence[str] = ()
) -> pa.RecordBatch:
    """Column ``text`` → ``suggestions``: a list of structs per row, sorted; same rows, same order.

    Each: ``id`` (whose name), ``name`` (the nearest spelling of it), ``spelling`` (as written, lower case),
    ``distance`` as :func:`gaung.text.names.near` counts it. A term stands once per text and id.
    """
    texts = pl.Series("text", batch.column("text"), dtype=pl.String)
    terms = _terms(texts)
    distinct = terms.select("term").unique().with_columns(plain=fold.squeezed(pl.col("term")))
    likely = distinct.filter(_has_part(known)).filter(_may_be(known))["term"].sort().to_list()
    near = pl.from_arrow(
        names.near(pa.RecordBatch.from_pydict({"term": pa.array(likely, pa.string())}), known, ordinary)
    )
    assert isinstance(near, pl.DataFrame)
    best = near.sort("term", "id", "distance", "name").unique(["term", "id"], keep="first")
    found = terms.join(best, on="term").unique(["row", "id", "term"]).sort("row", "id", "term")
    lists: list[list[dict[str, object]]] = [[] for _ in range(len(texts))]
    for row, owner, name, term, gap in found.select("row", "id", "name", "term", "distance").iter_rows():
        lists[row].append({"id": owner, "name": name, "spelling": term, "distance": gap})
    return pa.RecordBatch.from_pydict({"suggestions": pa.array(lists, pa.list_(SUGGESTION))})


def _terms(texts: pl.Series) -> pl.DataFrame:
    """``row, term``: the words and pairs of each text."""
    head = pl.col("text").fill_null("").str.slice(0, MAX_CHARACTERS)
    plain = clean.without_mentions(clean.without_links(head)).str.to_lowercase()
    words = (
        pl.DataFrame({"text": texts})
        .with_row_index("row")
        .select("row", word=plain.str.extract_all(WORD))
        .explode("word")
        .drop_nulls("word")
    )
    pairs = words.with_columns(word=pl.col("word") + " " + pl.col("word").shift(-1).over("row")).drop_nulls(
        "word"
    )
    return pl.concat([words, pairs]).rename({"word": "term"})


def _has_part(known: Sequence[names.Name]) -> pl.Expr:
    """Whether a plain term has a part of a name where mistakes in the others would leave it."""
    ways = set()
    for plain, most in _forgiving(known):
        first, *between, last = _parts(plain, most + 1)
        ways |= {f"^{first}", f"{last}$", *between}
    return pl.col("plain").str.contains("|".join(sorted(ways))) if ways else pl.lit(False)


def _parts(plain: str, count: int) -> list[str]:
    """The name in so many parts of about one length, one letter left out between neighbours."""
    size, longer = divmod(len(plain) - count + 1, count)
    parts, start = [], 0
    for at in range(count):
        end = start + size + (at < longer)
        parts.append(plain[start:end])
        start = end + 1
    return parts


def _may_be(known: Sequence[names.Name]) -> pl.Expr:
    """Whether a plain term may be near enough to a name."""
    likely = pl.lit(False)
    for plain, most in _forgiving(known):
        likely = likely | _is_like(plain, most)
    return likely


def _forgiving(known: Sequence[names.Name]) -> list[tuple[str, int]]:
    """The squeezed names in which a wrong letter is forgiven, with how many."""
    squeezed = sorted(set(fold.all_squeezed([name.spelling for name in known])))
    return [(plain, most) for plain in squeezed if (most := names.forgiven(plain))]


def _is_like(plain: str, most: int) -> pl.Expr:
    is_as_long = pl.col("plain").str.len_chars().is_between(len(plain) - most, len(plain) + most)
    pairs = sorted({plain[at : at + 2] for at in range(len(plain) - 1)})
    shared = pl.sum_horizontal(pl.col("plain").str.contains(pair, literal=True) for pair in pairs)
    return is_as_long & (shared >= len(pairs) - LOST_PAIRS * most)
