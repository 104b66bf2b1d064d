"""What matching reads does not grow with what is open; and it is counted as the meter counts."""

from benchmarks.gateway import gateway
from benchmarks.scanning import CHAIN, OURS, PER_BLOCK, TOKENS, MadeUpChain, Pointers
from chalicelib.chains.evm.adapter import EvmAdapter
from chalicelib.chains.sightings import Matcher
from chalicelib.payments.records import AddressPointer
from chalicelib.storage import keys
from chalicelib.storage.unit_of_work import put

BLOCKS = 2
RECEIVERS = BLOCKS * (PER_BLOCK + PER_BLOCK // 2)  # one of each log, one of every second transaction


def _scan(chain, match):
    return EvmAdapter(CHAIN, chain, TOKENS).scan(0, BLOCKS - 1, match)


def test_reads_are_one_for_each_receiver_however_many_addresses_are_open():
    chain = MadeUpChain(transactions=PER_BLOCK, blocks=BLOCKS)
    for count in (100, 100_000):
        pointers = Pointers(chain.ours, count)
        assert [each.to for each in _scan(chain, pointers.matcher())] == chain.ours
        assert pointers.read_units == RECEIVERS


def test_the_stand_in_counts_as_the_meter_does_on_a_table():
    chain = MadeUpChain(transactions=PER_BLOCK, blocks=BLOCKS)
    with gateway() as measured:
        for number, address in enumerate([*chain.ours, *(f"0x{number:040x}" for number in range(97))]):
            pk, sk = keys.address("EVM", address)
            pointer = AddressPointer(pk=pk, sk=sk, tenant_id="t_1", payment_id="p_1", index=number)
            measured.env.store.commit(put(pointer))
        with measured.meter.measured() as cost:
            found = _scan(chain, Matcher(measured.env, CHAIN))
    assert len(found) == OURS
    assert cost.read_units == RECEIVERS
