"""Commands: brands – add one to brands.yml, what a text matches, and a look at matches in the warehouse."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    import polars as pl

    from gaung.brands.config import Brand, Brands

brands = typer.Typer(help="What brands.yml matches, and why.", no_args_is_help=True)

PER_BRAND = 10
CHUNK = 50_000
SHOWN_CHARACTERS = 160

FileOption = Annotated[
    Path | None, typer.Option("--file", help="Another brands.yml than the configured one.")
]


def register(app: typer.Typer) -> None:
    """Add this area's commands to the command line."""
    app.command("init")(init)
    app.add_typer(brands, name="brands")


def init(
    name: Annotated[str | None, typer.Option("--brand", help="The brand's name; asked if left out.")] = None,
    client: Annotated[str | None, typer.Option(help="Whom it belongs to, if not itself.")] = None,
    timezone: Annotated[str | None, typer.Option(help="IANA time zone [default: Asia/Jakarta].")] = None,
    languages: Annotated[str | None, typer.Option(help="Languages, by commas [default: id,en].")] = None,
    keyword: Annotated[list[str] | None, typer.Option(help="Word or phrase; repeatable.")] = None,
    hashtag: Annotated[list[str] | None, typer.Option(help="Hashtag; repeatable.")] = None,
    handle: Annotated[list[str] | None, typer.Option(help="platform:handle; repeatable.")] = None,
    context: Annotated[list[str] | None, typer.Option(help="Word beside which a keyword counts.")] = None,
    file: FileOption = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the whole file.")] = False,
) -> None:
    """Add a brand to brands.yml from flags or questions; what stands there is kept."""
    from gaung.brands import load, starter
    from gaung.settings import get_settings

    path = file or get_settings().brands_file
    if path.exists() and not force:
        load(path)  # complains before anything is asked
    asks = name is None
    answers = starter.Answers(
        name=name or typer.prompt("Name of the brand"),
        client=_given(client, asks, "Client it belongs to (empty: itself)", ""),
        timezone=_given(timezone, asks, "Time zone", "Asia/Jakarta"),
        languages=_parts(_given(languages, asks, "Languages, by commas", "id,en")),
        keywords=_several(keyword, asks, "Keywords, by commas (empty: its name)"),
        hashtags=_several(hashtag, asks, "Hashtags, by commas"),
        handles=_several(handle, asks, "Own accounts as platform:handle, by commas"),
        context=tuple(context or ()),
    )
    written = starter.write(path, answers, force=force)
    typer.echo(f'{path}: brand {written.brands[0].id} is in. Try: gaung brands test "{answers.name} …"')
    if any(brand.is_synthetic for brand in written.brands):
        typer.echo("The demo's invented brands stay beside it, for `gaung demo`; delete them when it may go.")


@brands.command("test")
def try_text(
    text: Annotated[str, typer.Argument(help="A post's text.")],
    platform: Annotated[str, typer.Option(help="Where it was posted; decides which handles count.")] = "x",
    author: Annotated[str | None, typer.Option(help="Handle of its author.")] = None,
    file: FileOption = None,
) -> None:
    """Say which brands a text matches, and why; and what an exclusion voids."""
    from gaung.brands import load, matching

    found = matching.explain(text, load(file), platform=platform, author=author)
    for row in found["matches"]:
        typer.echo(f"{row['brand_id']}: by {row['matched_by']} “{row['matched_term']}”")
    for row in found["voided"]:
        typer.echo(
            f"{row['brand_id']}: not, although “{row['matched_term']}” stands there – {row['because']}"
        )
    if not found["matches"]:
        typer.echo("matches no brand")
    if found["topics"]:
        typer.echo("topics: " + ", ".join(f"{t['topic']} ({t['topic_type']})" for t in found["topics"]))


@brands.command("check")
def check(
    brand: Annotated[str | None, typer.Option(help="Only this brand.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="Matches and near misses shown per brand.")] = PER_BRAND,
    file: FileOption = None,
) -> None:
    """Check brands.yml, and show matches and near misses per brand among the posts in the warehouse."""
    from gaung.brands import load
    from gaung.errors import SettingsInvalid

    declared = load(file)
    try:
        chosen = [declared.brand(brand)] if brand else declared.brands
    except KeyError as error:
        raise SettingsInvalid(str(error.args[0])) from None
    typer.echo(f"brands.yml is valid: {len(declared.brands)} brands, {len(declared.watch)} watch queries")
    samples: dict[str, _Sample] = {item.id: _Sample() for item in chosen}
    post_count = 0
    for posts in _posts():
        post_count += len(posts)
        for item in chosen:
            samples[item.id].add(posts, declared, item, limit)
    if post_count == 0:
        typer.echo("no posts in the warehouse yet: ingest some, run `gaung build`, then check again")
        return
    for item in chosen:
        samples[item.id].show(item)


class _Sample:
    """Matches and near misses of one brand, the first of each in key order."""

    def __init__(self) -> None:
        self.match_count = self.miss_count = 0
        self.matches: list[dict[str, Any]] = []
        self.misses: list[dict[str, Any]] = []

    def add(self, posts: "pl.DataFrame", declared: "Brands", brand: "Brand", limit: int) -> None:
        """Look through a chunk of posts."""
        from gaung.brands import matching

        found = matching.match(posts, declared, only=[brand.id])
        near = matching.near_misses(posts, declared, brand)
        self.match_count += len(found)
        self.miss_count += len(near)
        texts = found.join(posts.select(*matching.KEY, "text"), on=matching.KEY).sort(matching.KEY)
        self.matches += texts.head(limit - len(self.matches)).to_dicts()
        self.misses += near.head(limit - len(self.misses)).to_dicts()

    def show(self, brand: "Brand") -> None:
        """Print it."""
        typer.secho(f"\n{brand.name} ({brand.id}): {self.match_count} matches", bold=True)
        for row in self.matches:
            typer.echo(f"  + {row['matched_by']} “{row['matched_term']}” | {_short(row['text'])}")
        typer.echo(f"  near misses: {self.miss_count}")
        for row in self.misses:
            typer.echo(f"  - {row['because']} | {_short(row['text'])}")


def _short(text: str | None) -> str:
    line = " ".join((text or "(no text)").split())
    return line if len(line) <= SHOWN_CHARACTERS else f"{line[:SHOWN_CHARACTERS]}…"


def _posts() -> Iterator["pl.DataFrame"]:
    """The latest posts in chunks; nothing when there is no warehouse yet."""
    from gaung import enrich
    from gaung.errors import ServerUnavailable
    from gaung.warehouse.connect import connect
    from gaung.warehouse.migrate import current

    try:
        with closing(connect("admin", autocommit=True, application_name="gaung brands check")) as session:
            is_ready = current(session) is not None
    except ServerUnavailable:
        is_ready = False
    if is_ready:
        yield from enrich.posts_to_match("true", chunk=CHUNK)


def _given(value: str | None, asks: bool, question: str, default: str) -> str:
    if value is not None:
        return value
    answer: str = typer.prompt(question, default=default, show_default=bool(default)) if asks else default
    return answer


def _several(values: list[str] | None, asks: bool, question: str) -> tuple[str, ...]:
    if values:
        return tuple(values)
    return _parts(_given(None, asks, question, ""))


def _parts(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())
