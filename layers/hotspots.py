"""Where it is concentrated: ranks, the fewest cells that hold a share, and a test of clusters."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

NEIGHBOURS = 8


class Ranks(NamedTuple):
    """Cells by density, densest first.

    Attributes
    ----------
    rank : array
        1 for the densest cell; cells without mass come last.
    density : array
        Mass over area. [kg/km2]
    cumulative_share : array
        Share of all mass in this cell and those ranked before it. [0–1]
    """

    rank: IntArray
    density: FloatArray
    cumulative_share: FloatArray


class Clusters(NamedTuple):
    """Getis–Ord Gi* of each cell.

    Attributes
    ----------
    z : array
        Standard score: positive where dense cells lie together. [1]
    p : array
        Its one-sided probability without clusters. [0–1]
    hot : array
        Whether the cell is a hot spot once the false-discovery rate is held.
    """

    z: FloatArray
    p: FloatArray
    hot: npt.NDArray[np.bool_]


def rank_cells(mass_kg: FloatArray, area_km2: FloatArray) -> Ranks:
    """Rank cells by mass over area, so that cells of several sizes compare.

    Parameters
    ----------
    mass_kg, area_km2 : array (n)
        Mass and area of each cell. [kg, km2]

    Examples
    --------
    >>> ranks = rank_cells(np.array([1.0, 6.0, 3.0]), np.array([1.0, 1.0, 0.1]))
    >>> ranks.rank.tolist(), ranks.cumulative_share.round(2).tolist()
    ([3, 2, 1], [1.0, 0.9, 0.3])
    """
    density = mass_kg / area_km2
    order = np.argsort(-density, kind="stable")
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(1, len(order) + 1)
    shares = np.empty(len(order))
    total = float(mass_kg.sum())
    shares[order] = np.cumsum(mass_kg[order]) / total if total > 0 else 0.0
    return Ranks(rank, density, shares)


def fewest_cells(mass_kg: FloatArray, share: float = 0.5) -> IntArray:
    """Fewest cells that hold a share of the mass, heaviest first. [index]

    Parameters
    ----------
    mass_kg : array (n)
        Mass of each cell. [kg]
    share : float
        Share to hold. [0–1]

    Raises
    ------
    ValueError
        If the share is none.

    Examples
    --------
    >>> fewest_cells(np.array([1.0, 6.0, 3.0]), 0.7).tolist()
    [1, 2]
    """
    if not 0.0 < share <= 1.0:
        raise ValueError(f"found a share of {share}; expected more than 0 and at most 1")
    order = np.argsort(-mass_kg, kind="stable")
    sums = np.cumsum(mass_kg[order])
    if not len(sums) or sums[-1] <= 0.0:
        return np.zeros(0, np.int64)
    enough = int(np.searchsorted(sums, share * sums[-1] * (1.0 - 1e-12))) + 1
    return order[:enough].astype(np.int64)


def clusters(lat: FloatArray, lon: FloatArray, density: FloatArray, alpha: float = 0.05) -> Clusters:
    """Test which cells lie among dense ones: Getis–Ord Gi* with the false-discovery rate held.

    A cell's neighbours are the eight nearest by distance through the Earth, which knows no 180th meridian
    and no shrinking of degrees; the cell counts among them. Cells nobody entered are not part of the sample.

    Parameters
    ----------
    lat, lon : array (n)
        Centres of the cells. [degrees]
    density : array (n)
        Mass over area; equal-area by that. [kg/km2]
    alpha : float
        False-discovery rate. [0–1]

    Returns
    -------
    Clusters
        All zero and not hot where fewer than ten cells, or cells of one density, are given.

    Raises
    ------
    ImportError
        Without the extra ``hotspots`` (esda, libpysal).

    References
    ----------
    .. [1] J. K. Ord, A. Getis, Local spatial autocorrelation statistics, 1995.
    .. [2] Y. Benjamini, Y. Hochberg, Controlling the false discovery rate, 1995.

    Examples
    --------
    >>> lon = np.where(np.arange(20) < 10, 179.05, -179.95) + np.arange(20) % 10 / 10
    >>> density = np.where(np.abs(np.arange(20) - 9.5) < 3, 50.0, 1.0)
    >>> clusters(np.zeros(20), lon, density).hot.nonzero()[0].tolist()
    [7, 8, 9, 10, 11, 12]
    """
    n = len(density)
    if n <= NEIGHBOURS + 1 or np.ptp(density) == 0.0:
        return Clusters(np.zeros(n), np.ones(n), np.zeros(n, bool))
    import esda  # noqa: PLC0415 - takes seconds, and only this needs it
    from libpysal.weights import KNN, fill_diagonal  # noqa: PLC0415 - the same

    phi, lam = np.radians(lat), np.radians(lon)
    xyz = np.column_stack([np.cos(phi) * np.cos(lam), np.cos(phi) * np.sin(lam), np.sin(phi)])
    weights = fill_diagonal(KNN.from_array(xyz, k=NEIGHBOURS), 1.0)
    found = esda.G_Local(density, weights, transform="B", star=None, permutations=0)
    p = np.asarray(found.p_norm, float)
    z = np.asarray(found.Zs, float)
    return Clusters(z, p, (p <= esda.fdr(p, alpha)) & (z > 0.0))
