"""The filter that lists of payments and of withdrawals share: their classes are status and currency."""

from collections.abc import Collection

from chalicelib.lists.spec import Class, Matching


def by_status_and_currency(status: str | None, codes: Collection[str] | None) -> Matching | None:
    """Return what tells whether a class passes; None when every one does.

    Args:
        status: the one status that is wanted, or None.
        codes: the currencies that are wanted, or None; an empty collection lets nothing pass.
    """
    if status is None and codes is None:
        return None

    def matches(one: Class) -> bool:
        return status in {None, one[0]} and (codes is None or one[1] in codes)

    return matches
