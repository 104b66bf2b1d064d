"""What differs between the chains of the EVM family; all else about them is one code.

Fees are in wei for one gas. Floors are what the chains' block producers ask for at least, caps what a sensible
payout never needs: a node's advice is kept between the two.
"""

from dataclasses import dataclass

from chalicelib.chains.networks import EVM_CHAIN_ID_OF, NATIVE_TOKEN_OF

GWEI = 10**9


@dataclass(frozen=True, slots=True)
class ChainParameters:
    """One chain.

    Attributes:
        chain_id: what its transactions are signed for (EIP-155).
        native_token: the coin that gas is paid in.
        has_base_fee: whether fees are a burnt base and a priority (EIP-1559), or one gas price.
        least_price_units: the least priority fee, or the least gas price where there is but one.
        most_price_units: the most of the same.
        blocks_in_one_log_query: the longest range that is asked for logs at once; nodes that take less say so.
        blocks_in_one_batch: how many whole blocks are fetched at once.
        gas_pays_for_bytes: whether the gas that a transaction needs also pays for its bytes on another chain, so
            that no usual number is enough.
    """

    chain_id: int
    native_token: str
    has_base_fee: bool
    least_price_units: int
    most_price_units: int
    blocks_in_one_log_query: int
    blocks_in_one_batch: int
    gas_pays_for_bytes: bool = False


def _parameters(
    blockchain: str,
    *,
    has_base_fee: bool,
    least: int,
    most: int,
    blocks: tuple[int, int],
    pays_for_bytes: bool = False,
) -> ChainParameters:
    in_one_log_query, in_one_batch = blocks
    return ChainParameters(
        chain_id=EVM_CHAIN_ID_OF[blockchain],
        native_token=NATIVE_TOKEN_OF[blockchain],
        has_base_fee=has_base_fee,
        least_price_units=least,
        most_price_units=most,
        blocks_in_one_log_query=in_one_log_query,
        blocks_in_one_batch=in_one_batch,
        gas_pays_for_bytes=pays_for_bytes,
    )


PARAMETERS_OF = {
    "ETH": _parameters("ETH", has_base_fee=True, least=GWEI // 20, most=50 * GWEI, blocks=(100, 5)),
    # The sequencer takes transactions as they come: a priority fee buys nothing (docs.arbitrum.io, gas and fees).
    "ARB": _parameters("ARB", has_base_fee=True, least=0, most=GWEI, blocks=(1_000, 50), pays_for_bytes=True),
    # Its base fee is zero; what counts is the gas price that validators ask for (BEP-226).
    "BSC": _parameters("BSC", has_base_fee=False, least=GWEI // 20, most=50 * GWEI, blocks=(100, 5)),
    # Bor's own default asks for 25 gwei of priority at least.
    "MATIC": _parameters("MATIC", has_base_fee=True, least=25 * GWEI, most=2_000 * GWEI, blocks=(200, 10)),
}
