"""Every sample file: format, content, column map. New formats add theirs here."""

from dataclasses import dataclass
from pathlib import Path

GOLDEN = Path(__file__).parent / "golden"


@dataclass(frozen=True)
class Sample:
    """A small, real-shaped file."""

    file: str
    format: str
    map: str | None = None

    @property
    def data(self) -> bytes:
        return (GOLDEN / self.file).read_bytes()


SAMPLES = (
    Sample("x_api_v2_page.json", "x_api_v2"),
    Sample("x_api_v2_stream.ndjson", "x_api_v2"),
    Sample("x_api_v2_flat.ndjson", "x_api_v2"),
    Sample("x_api_v1.ndjson", "x_api_v1"),
    Sample("capture.ndjson", "capture"),
    Sample("dashboard_id.csv", "table", "dashboard_id"),
    Sample("reviews.csv", "table", "tokopedia_reviews"),
    Sample("rated_tweets.tsv", "table", "rated_tweets"),
    Sample("mastodon.ndjson", "mastodon_api"),
    Sample("reddit.ndjson", "reddit_api"),
    Sample("reddit_tree_page.json", "reddit_api"),
    Sample("youtube.ndjson", "youtube_api"),
    Sample("meta.ndjson", "meta_graph"),
    Sample("bluesky.ndjson", "bluesky_api"),
    Sample("exchanges.yaml", "http_exchanges"),
    Sample("exchanges_page.json", "http_exchanges"),
    Sample("side_file.ndjson", "side_file"),
    Sample("side_file.csv", "side_file"),
    Sample("x_archive_tweets.js", "x_archive"),
    Sample("x_archive_account.js", "x_archive"),
    Sample("x_archive_like.js", "x_archive"),
    Sample("instagram_insights.csv", "table", "instagram_insights"),
)
