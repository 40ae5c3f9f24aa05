"""Amounts that fell over spans of time, by the hour: each hour gets the part of a span that lies in it."""

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

MS_PER_HOUR = 3_600_000
# Hours of spans that are in memory at a time.
_MOST = 2_000_000


def add_by_hour(
    sums: Floats, first_hour: int, spans_ms: tuple[npt.ArrayLike, npt.ArrayLike], group: Ints, amounts: Floats
) -> None:
    """Add amounts to the hours they fell in, evenly over each span; what is added is all there is.

    Parameters
    ----------
    sums
        (groups, hours, amounts): what is added to.
    first_hour
        Number of the first of those hours. [hours since 1970-01-01 UTC]
    spans_ms
        First and after-last instant of each span; an empty one falls whole into its hour.
        [milliseconds since 1970-01-01 UTC]
    group
        Group of each span.
    amounts
        (spans, amounts).

    Raises
    ------
    ValueError
        If a span reaches outside the hours.

    Examples
    --------
    Three hours from 00:00; a span from 00:30 to 02:00 leaves a third in the first hour.

    >>> sums = np.zeros((1, 3, 1))
    >>> spans = [MS_PER_HOUR // 2], [2 * MS_PER_HOUR]
    >>> add_by_hour(sums, 0, spans, np.array([0]), np.array([[6.0]]))
    >>> sums[0, :, 0].round(9).tolist()
    [2.0, 4.0, 0.0]
    """
    begin, end = (np.asarray(side, np.int64) for side in spans_ms)
    first = begin // MS_PER_HOUR
    last = np.maximum((end - 1) // MS_PER_HOUR, first)
    if len(first) and (first.min() < first_hour or last.max() >= first_hour + sums.shape[1]):
        raise ValueError("found spans outside the hours; expected hours that hold them; begin earlier")
    count = last - first + 1
    for part in _parts(count):
        n = count[part]
        span = np.repeat(np.arange(part.start, part.stop), n)
        hour = first[span] + np.arange(len(span)) - np.repeat(np.cumsum(n) - n, n)
        inside = np.minimum(end[span], (hour + 1) * MS_PER_HOUR) - np.maximum(begin[span], hour * MS_PER_HOUR)
        length = end[span] - begin[span]
        share = np.where(length > 0, inside / np.maximum(length, 1), 1.0)
        place = group[span] * sums.shape[1] + hour - first_hour
        onto = sp.csr_array(
            (share, (place, span - part.start)), shape=(sums.shape[0] * sums.shape[1], len(n))
        )
        sums += (onto @ amounts[part]).reshape(sums.shape)


def _parts(count: Ints) -> list[slice]:
    """Spans in runs of at most `_MOST` hours, or of one span.

    >>> _parts(np.array([1, _MOST, 1, 1]))
    [slice(0, 1, None), slice(1, 2, None), slice(2, 4, None)]
    """
    parts, start = [], 0
    sums = np.cumsum(count)
    while start < len(count):
        before = int(sums[start - 1]) if start else 0
        stop = max(int(np.searchsorted(sums, before + _MOST, side="right")), start + 1)
        parts.append(slice(start, stop))
        start = stop
    return parts
