"""YouTube: answers of the Data API – the brands' videos and channels, and comment threads."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from gaung.demo.forms.written import Payload, Written, line
from gaung.demo.posts import Post

PAGE = 100


def answers(videos: Sequence[Post], comments: Sequence[Post], at: datetime) -> tuple[Written, str]:
    """Videos with their counts now, their channels, then new threads and answers in them, page by page."""
    written = Written(f"youtube_{at:%Y%m%dT%H%M}Z.jsonl", "youtube", at)
    bodies = [_list("video", [_video(post, at) for post in videos])]
    bodies.append(_list("channel", [_channel(post, at) for post in videos]))
    bodies += _pages("commentThread", [_thread(one) for one in comments if not _is_answer(one)])
    bodies += _pages("comment", [_comment(one) for one in comments if _is_answer(one)])
    for post in [*videos, *comments]:
        written.add("post", post.post_id)
    for post in videos:
        written.add("channel", post.author.author_id)
        written.followers["youtube", post.author.author_id, at] = _rounded(post, at)
    written.collect([*videos, *comments])
    return written, "".join(line(body) for body in bodies)


def _is_answer(comment: Post) -> bool:
    """Whether it answers a comment; others begin a thread under a video."""
    return comment.refers_to is not None and comment.refers_to.kind == "comment"


def _list(kind: str, items: list[Payload]) -> Payload:
    page = {"totalResults": len(items), "resultsPerPage": len(items)}
    return {"kind": f"youtube#{kind}ListResponse", "etag": "sintetis", "pageInfo": page, "items": items}


def _time(value: datetime) -> str:
    return f"{value:%Y-%m-%dT%H:%M:%SZ}"


def _video(post: Post, at: datetime) -> Payload:
    counts = post.counts_at(at)
    return {
        "kind": "youtube#video",
        "etag": "sintetis",
        "id": post.post_id,
        "snippet": {
            "publishedAt": _time(post.created_at),
            "channelId": post.author.author_id,
            "title": post.content.text,
            "description": "",
            "channelTitle": post.author.name,
            "categoryId": "22",
            "liveBroadcastContent": "none",
        },
        "contentDetails": {"duration": "PT1M5S"},
        "status": {"privacyStatus": "public"},
        "statistics": {
            "viewCount": str(counts["views"]),
            "likeCount": str(counts["likes"]),
            "commentCount": str(counts["comments"]),
        },
    }


def _rounded(post: Post, at: datetime) -> int:
    """Subscribers as YouTube gives them: three figures."""
    followers = post.author.followers_at(at) or 0
    step: int = 10 ** max(len(str(followers)) - 3, 0)
    return followers // step * step


def _channel(post: Post, at: datetime) -> Payload:
    return {
        "kind": "youtube#channel",
        "etag": "sintetis",
        "id": post.author.author_id,
        "snippet": {
            "title": post.author.name,
            "description": post.author.bio,
            "customUrl": post.author.handle,
            "publishedAt": _time(post.author.created_at),
            "country": "ID",
        },
        "statistics": {
            "viewCount": "100000",
            "subscriberCount": str(_rounded(post, at)),
            "hiddenSubscriberCount": False,
            "videoCount": "40",
        },
    }


def _pages(kind: str, items: list[Payload]) -> Iterator[Payload]:
    for first in range(0, len(items), PAGE):
        yield _list(kind, items[first : first + PAGE])


def _thread(comment: Post) -> Payload:
    video = comment.refers_to
    assert video is not None
    shared = {"channelId": video.author.author_id, "videoId": video.post_id}
    top = _comment(comment)
    top["snippet"] = {**shared, **top["snippet"]}
    return {
        "kind": "youtube#commentThread",
        "etag": "sintetis",
        "id": comment.post_id,
        "snippet": {
            **shared,
            "topLevelComment": top,
            "canReply": True,
            "totalReplyCount": 0,
            "isPublic": True,
        },
    }


def _comment(comment: Post) -> Payload:
    """A comment; an answer names the comment that it answers, and no video."""
    parent = {}
    if comment.refers_to is not None and _is_answer(comment):
        parent = {"parentId": comment.refers_to.post_id}
    return {
        "kind": "youtube#comment",
        "etag": "sintetis",
        "id": comment.post_id,
        "snippet": {
            "textDisplay": comment.content.text,
            "textOriginal": comment.content.text,
            "authorDisplayName": comment.author.handle,
            "authorChannelUrl": f"http://www.youtube.com/{comment.author.handle}",
            "authorChannelId": {"value": comment.author.author_id},
            **parent,
            "canRate": True,
            "viewerRating": "none",
            "likeCount": comment.counts["likes"],
            "publishedAt": _time(comment.created_at),
            "updatedAt": _time(comment.created_at),
        },
    }
