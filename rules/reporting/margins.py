"""Margins: what sales leave, as the season file says for their product, station and local day."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from rules.table.member_table import MemberTable

Int64s = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


def margin_parts(
    table: MemberTable, product: Int64s, station: Int64s, day: Int64s, ml: Int64s, fen: Int64s
) -> tuple[Int64s, Bools]:
    """Work out margins of sales exactly, in price_list.FEN_PARTS of a fen, and which are known.

    product and station are the table's own numbers, as its tallies have them; all are [n]. What
    is unknown is 0.
    """
    tallies = table.tallies
    numbered = table.rules.price_list.at(tallies.products.names, tallies.stations.names)
    return numbered.margin_parts(product, station, day, ml, fen)
