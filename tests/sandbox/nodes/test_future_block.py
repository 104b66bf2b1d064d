"""A coin node that was stopped on a block from the future starts again, without it."""

import time

import pytest

from sandbox.nodes.coin_daemon import LITECOIND, start_coin_daemon

pytestmark = pytest.mark.slow
YEAR_SECONDS = 366 * 86_400
SCRIPT = "raw(51)"  # anyone can spend it


def test_a_block_from_the_future_is_given_up_at_the_next_start(tmp_path):
    now = time.time()
    node = start_coin_daemon(LITECOIND, tmp_path, now)
    descriptor = node.rpc.ask("getdescriptorinfo", SCRIPT)["descriptor"]
    node.rpc.ask("generatetodescriptor", 2, descriptor)
    node.rpc.ask("setmocktime", int(now) + YEAR_SECONDS)
    node.rpc.ask("generatetodescriptor", 1, descriptor)
    node.stop()
    again = start_coin_daemon(LITECOIND, tmp_path, now)
    assert again.rpc.ask("getblockcount") == 2
    again.rpc.ask("generatetodescriptor", 1, descriptor)
    tip = again.rpc.ask("getblockheader", again.rpc.ask("getbestblockhash"))
    assert tip["time"] < now + 60
    again.kill()
