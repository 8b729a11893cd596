"""Captures of what a browser shows of TikTok and Instagram: one object a line, some seen again later."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from random import Random

from gaung.demo.forms.written import Payload, Written, line
from gaung.demo.plan import WINDOW
from gaung.demo.posts import Post
from gaung.demo.words import PLACES

Sighting = tuple[datetime, Post]
SITES = {"tiktok": "tiktok.com", "instagram": "instagram.com"}
AGAIN = timedelta(hours=3)


def sightings(posts: Iterable[Post], start: datetime, rng: Random) -> Iterator[Sighting]:
    """When the capture saw each post: at its window's end, one in five again, one in fifty twice at once."""
    for post in posts:
        windows = (post.created_at - start) // WINDOW + 1
        seen_at = start + windows * WINDOW + timedelta(seconds=20)
        yield seen_at, post
        draw = rng.random()
        if draw < 0.2:
            yield seen_at + AGAIN, post
        elif draw < 0.22:
            yield seen_at, post


def capture(platform: str, seen: Sequence[Sighting], at: datetime) -> tuple[Written, str]:
    """A capture file of one platform."""
    written = Written(f"{platform}_capture_{at:%Y%m%dT%H%M}Z.ndjson", "capture", at)
    shape = _tiktok if platform == "tiktok" else _instagram
    lines = []
    for number, (seen_at, post) in enumerate(seen):
        site, milliseconds = SITES[platform], int(seen_at.timestamp() * 1000)
        envelope = {
            "id": number,
            "nav_index": f"{milliseconds // 900_000}",
            "item_id": post.post_id,
            "timestamp_collected": milliseconds,
            "source_platform": site,
            "source_platform_url": f"https://www.{site}/explore",
            "source_url": f"https://www.{site}/api/explore",
            "user_agent": "synthetic data of Gaung's demo",
            "data": shape(post, seen_at),
        }
        lines.append(line(envelope))
        written.add("post", (post.post_id, seen_at))
    written.collect(post for _, post in seen)
    return written, "".join(lines)


def _tiktok(post: Post, at: datetime) -> Payload:
    counts, author, content = post.counts_at(at), post.author, post.content
    payload: Payload = {
        "id": post.post_id,
        "desc": content.text,
        "createTime": int(post.created_at.timestamp()),
        "author": {
            "id": author.author_id,
            "uniqueId": author.handle,
            "nickname": author.name,
            "signature": author.bio,
            "verified": author.is_verified,
        },
        "stats": {
            "diggCount": counts["likes"],
            "shareCount": counts["shares"],
            "commentCount": counts["comments"],
            "playCount": counts["views"],
            "collectCount": counts["saves"],
        },
        "video": {"id": post.post_id, "duration": 15 + int(post.post_id) % 45},
        "music": {"id": "7000000000000000001", "title": "suara asli"},
        "challenges": [{"id": f"{number}", "title": tag} for number, tag in enumerate(content.hashtags)],
        "textExtra": [{"hashtagName": tag} for tag in content.hashtags],
        "isAd": post.is_paid,
        "privateItem": False,
    }
    followers = author.followers_at(at)
    if followers is not None:
        payload["authorStats"] = {
            "followerCount": followers,
            "followingCount": 50 + int(author.author_id) % 500,
            "heartCount": followers * 7,
            "videoCount": 10 + int(author.author_id) % 300,
        }
    if post.place:
        payload["poi"] = {"id": "1", "name": post.place}
    return payload


def _instagram(post: Post, at: datetime) -> Payload:
    counts, author = post.counts_at(at), post.author
    is_hidden = post.hides == "everything"
    is_video = post.kind == "video"
    payload: Payload = {
        "pk": post.post_id,
        "id": f"{post.post_id}_{author.author_id}",
        "code": f"S{int(post.post_id):x}",
        "taken_at": int(post.created_at.timestamp()),
        "media_type": 2 if is_video else 1,
        "product_type": "clips" if is_video else "feed",
        "caption": {"text": post.content.text},
        "user": {
            "pk": author.author_id,
            "username": author.handle,
            "full_name": author.name,
            "is_verified": author.is_verified,
            "is_private": False,
        },
        # hidden: what stands there is a placeholder, no count
        "like_count": 3 if is_hidden else counts["likes"],
        "comment_count": counts["comments"],
        "like_and_view_counts_disabled": is_hidden,
        "is_paid_partnership": post.is_paid,
    }
    if is_video:
        payload["play_count"] = 3 if is_hidden else counts["views"]
    if post.place:
        lat, lon = PLACES[post.place]
        payload["location"] = {"pk": "1", "name": post.place, "lat": lat, "lng": lon}
    return payload
