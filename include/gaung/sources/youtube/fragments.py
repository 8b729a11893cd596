"""Parts of YouTube resources that are met alone, recognised by the field names that the API's own
description (discovery document of YouTube Data API v3) gives them. They name no video or channel, so
nothing can be loaded from them."""

from typing import Any

from gaung.sources.bodies.platform import field_names

_TELLING = frozenset({"upload", "itemCount", "privacyStatus"})
_WHOLE = (
    frozenset({"channel", "image"}),
    frozenset({"url", "width", "height"}),
    frozenset({"default", "medium", "high"}),
)

_PARTS: tuple[frozenset[str], ...] = (
    frozenset(
        field_names(
            "categoryId channelId channelTitle defaultAudioLanguage defaultLanguage description "
            "liveBroadcastContent localized publishedAt tags thumbnails title"
        )
    ),
    frozenset(field_names("commentCount dislikeCount favoriteCount likeCount viewCount")),
    frozenset(
        field_names(
            "caption contentRating countryRestriction definition dimension duration "
            "hasCustomThumbnail licensedContent projection regionRestriction"
        )
    ),
    frozenset(
        field_names(
            "containsSyntheticMedia embeddable failureReason license madeForKids privacyStatus "
            "publicStatsViewable publishAt rejectionReason selfDeclaredMadeForKids uploadStatus"
        )
    ),
    frozenset(field_names("relevantTopicIds topicCategories topicIds")),
    frozenset(field_names("location locationDescription recordingDate")),
    frozenset(field_names("hasPaidProductPlacement")),
    frozenset(
        field_names("country customUrl defaultLanguage description localized publishedAt thumbnails title")
    ),
    frozenset(field_names("commentCount hiddenSubscriberCount subscriberCount videoCount viewCount")),
    frozenset(field_names("relatedPlaylists")),
    frozenset(
        field_names(
            "isChannelMonetizationEnabled isLinked longUploadsStatus madeForKids privacyStatus "
            "selfDeclaredMadeForKids"
        )
    ),
    frozenset(field_names("topicCategories topicIds")),
    frozenset(field_names("channel hints hints image watch")),
    frozenset(
        field_names(
            "authorChannelId authorChannelUrl authorDisplayName authorProfileImageUrl canRate "
            "channelId imageUrl likeCount moderationStatus parentId publishedAt textDisplay "
            "textOriginal updatedAt videoId viewerRating"
        )
    ),
    frozenset(field_names("canReply channelId isPublic topLevelComment totalReplyCount videoId")),
    frozenset(
        field_names(
            "channelId channelTitle description playlistId position publishedAt resourceId "
            "thumbnails title videoOwnerChannelId videoOwnerChannelTitle"
        )
    ),
    frozenset(field_names("endAt note startAt videoId videoPublishedAt")),
    frozenset(field_names("privacyStatus")),
    frozenset(
        field_names(
            "channelId channelTitle defaultLanguage description localized publishedAt tags "
            "thumbnailVideoId thumbnails title"
        )
    ),
    frozenset(field_names("itemCount")),
    frozenset(field_names("channelId channelTitle description groupId publishedAt thumbnails title type")),
    frozenset(
        field_names(
            "bulletin channelItem comment playlistItem promotedItem recommendation social subscription upload"
        )
    ),
    frozenset(field_names("channelId description publishedAt resourceId thumbnails title")),
    frozenset(field_names("activityType newItemCount totalItemCount")),
    frozenset(field_names("channelId description thumbnails title")),
    frozenset(
        field_names(
            "audioTrackType failureReason isAutoSynced isCC isDraft isEasyReader isLarge language "
            "lastUpdated name status trackKind videoId"
        )
    ),
    frozenset(
        field_names("channelId channelTitle description liveBroadcastContent publishedAt thumbnails title")
    ),
    frozenset(field_names("height url width")),
    frozenset(field_names("default fhd high maxres medium qhd shortsAspectRatio standard uhd")),
)


def is_fragment(body: dict[str, Any]) -> bool:
    """True if all fields are those of one part of a resource, and at least one tells YouTube's style."""
    names = frozenset(body)
    if not names or not any(names <= part for part in _PARTS):
        return False
    is_camel_case = any(name != name.lower() for name in names)
    return is_camel_case or bool(names & _TELLING) or any(whole <= names for whole in _WHOLE)
