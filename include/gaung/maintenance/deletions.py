"""Words of deleted posts, out of every room before the night's backup is made."""

from datetime import datetime

from gaung.errors import MaintenanceFailed


def erase(at: datetime) -> dict[str, int]:
    """Rows, files and cells that lost words, by place.

    Raises:
        MaintenanceFailed: words were found afterwards; says where.
    """
    from gaung.erasure import deleted

    result = deleted.erase(holder="gaung maintain")
    if not result.is_complete:
        left = ", ".join(f"{count} in {room}" for room, count in result.found.items() if count)
        raise MaintenanceFailed(
            f"words of deleted posts are still there: {left}; look there, then run `gaung erase --deleted`"
        )
    return result.counts
