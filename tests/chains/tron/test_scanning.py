"""What is seen in blocks: coins and tokens that really moved, once each, from a chain that fits together."""

from dataclasses import replace

import pytest

from chalicelib.chains.adapter import ChainUnavailableError
from chalicelib.chains.providers.node import NodeRefusalError
from chalicelib.chains.tron.accounts import account_of

BLOCKS, INFOS = "/wallet/getblockbylimitnext", "/wallet/gettransactioninfobyblocknum"


def everyone(addresses):
    return set(addresses)


def scan_head(chain):
    height = chain.adapter.head().height
    return chain.adapter.scan(height, height, everyone)


def in_transactions(change):
    def changed(answer):
        for block in answer.get("block", []):
            for transaction in block.get("transactions", []):
                change(transaction)
        return answer

    return changed


def in_infos(change):
    def changed(answer):
        for info in answer:
            change(info)
        return answer

    return changed


@pytest.fixture
def paid(usdt):
    address = usdt.new_address()
    usdt.pay(address, 7)
    usdt.mine()
    return address


@pytest.fixture
def paid_coins(trx):
    address = trx.new_address()
    trx.pay(address, 7)
    trx.mine()
    return address


def test_a_token_is_seen_by_its_log_and_says_when_it_would_have_expired(usdt, paid):
    (seen,) = scan_head(usdt)
    assert (seen.index, seen.token, seen.to, seen.units, seen.ok) == (1, "USDT", paid, 7, True)
    raw = usdt.node.chain.seen[seen.txid].raw
    assert seen.spends == usdt.adapter.spends(raw)


@pytest.mark.parametrize("result", ["REVERT", "OUT_OF_ENERGY", "", None])
def test_a_coin_transfer_that_is_no_success_is_not_ok(trx, paid_coins, result):
    trx.between.changes[BLOCKS] = in_transactions(lambda each: each.update(ret=[{"contractRet": result}]))
    assert [seen.ok for seen in scan_head(trx)] == [False]


def test_a_coin_transfer_without_any_result_is_not_ok(trx, paid_coins):
    trx.between.changes[BLOCKS] = in_transactions(lambda each: each.pop("ret"))
    assert [seen.ok for seen in scan_head(trx)] == [False]


def test_a_kind_of_transaction_that_the_node_cannot_show_stops_nothing(trx, paid_coins):
    trx.between.changes[BLOCKS] = in_transactions(lambda each: each["raw_data"].update(contract=[]))
    assert scan_head(trx) == []


def test_a_transaction_that_does_two_things_is_none_of_tron(trx, paid_coins):
    trx.between.changes[BLOCKS] = in_transactions(
        lambda each: each["raw_data"].update(contract=each["raw_data"]["contract"] * 2)
    )
    with pytest.raises(ChainUnavailableError):
        scan_head(trx)


@pytest.mark.parametrize("change", [{"result": "FAILED"}, {"receipt": {"result": "OUT_OF_ENERGY"}}])
def test_a_log_of_a_call_that_failed_is_not_ok(usdt, paid, change):
    usdt.between.changes[INFOS] = in_infos(lambda info: info.update(change))
    assert [seen.ok for seen in scan_head(usdt)] == [False]


def test_a_reverted_payment_has_no_log_and_moves_nothing(usdt):
    usdt.node.chain.strangers.clear()
    usdt.set_payouts("revert")
    usdt.pay(usdt.new_address(), 7)
    usdt.mine()
    assert len(usdt.node.chain.head.mined) == 1
    assert scan_head(usdt) == []


def test_another_contracts_log_is_not_ours(usdt, paid):
    usdt.between.changes[INFOS] = in_infos(lambda info: info["log"][0].update(address="11" * 20))
    assert scan_head(usdt) == []


def test_an_address_with_its_41_is_read_as_well_as_one_without(usdt, paid):
    def longer(info):
        info["log"][0]["address"] = "41" + info["log"][0]["address"].upper()

    usdt.between.changes[INFOS] = in_infos(longer)
    assert [seen.to for seen in scan_head(usdt)] == [paid]


@pytest.mark.parametrize("topics", [0, 1, 2, 4])
def test_a_log_that_is_no_transfer_of_a_token_is_passed_over(usdt, paid, topics):
    usdt.between.changes[INFOS] = in_infos(
        lambda info: info["log"][0].update(topics=(info["log"][0]["topics"] * 2)[:topics])
    )
    assert scan_head(usdt) == []


def test_an_allowance_looks_like_a_transfer_and_is_none(usdt, paid):
    approval = (
        "8c5be1e5ebec7d5bd14f71427d1e84f3dd0314c0f7b2291e5b200ac8c7c3b925"  # of Approval(address,address,uint256)
    )
    usdt.between.changes[INFOS] = in_infos(
        lambda info: info["log"][0].update(topics=[approval, *info["log"][0]["topics"][1:]])
    )
    assert scan_head(usdt) == []


def test_a_logs_number_is_its_position_in_its_transaction(usdt, paid):
    def more_logs(info):
        (log,) = info["log"]
        info["log"] = [{**log, "address": "11" * 20}, log, {**log, "topics": ["00" * 32]}, log]

    usdt.between.changes[INFOS] = in_infos(more_logs)
    assert [seen.index for seen in scan_head(usdt)] == [2, 4]


def test_its_number_is_the_same_in_another_block(usdt):
    first, second = usdt.new_address(), usdt.new_address()
    dropped = usdt.pay(first, 1)
    usdt.pay(second, 2)
    usdt.mine()
    before = {seen.to: (seen.txid, seen.index) for seen in scan_head(usdt)}
    usdt.reorg(1, drop=[dropped])
    assert [(seen.txid, seen.index) for seen in scan_head(usdt)] == [before[second]]


def test_coins_that_a_contract_sends_are_seen_where_the_node_tells_them(usdt, paid):
    def internal(info):
        account = account_of(paid).hex()
        sent = {"transferTo_address": account, "callValueInfo": [{"callValue": 5}]}
        tokens = {"transferTo_address": account, "callValueInfo": [{"callValue": 6, "tokenId": "1000001"}]}
        info["internal_transactions"] = [sent, {**sent, "rejected": True}, tokens, {**sent, "callValueInfo": [{}]}]

    usdt.between.changes[INFOS] = in_infos(internal)
    assert [(seen.index, seen.token, seen.units) for seen in scan_head(usdt)] == [
        (1, "USDT", 7),
        (1_000_000, "TRX", 5),
    ]


@pytest.mark.parametrize(
    "change",
    [
        lambda infos: [],
        lambda infos: infos[:-1],
        lambda infos: [*infos, {**infos[0], "id": "ab" * 32}],
        lambda infos: [{**infos[0], "id": "ab" * 32}],
        lambda infos: {},
        lambda infos: [{**infos[0], "log": [{**infos[0]["log"][0], "data": "00" * 31}]}],
        lambda infos: [{**infos[0], "log": [{**infos[0]["log"][0], "data": "no"}]}],
    ],
)
def test_receipts_that_do_not_fit_the_block_are_an_error_and_never_empty(usdt, paid, change):
    usdt.between.changes[INFOS] = change
    with pytest.raises(ChainUnavailableError):
        scan_head(usdt)


@pytest.mark.parametrize(
    "change",
    [
        lambda blocks: blocks[:-1],
        lambda blocks: blocks[1:],
        lambda blocks: [blocks[0], *blocks],
        lambda blocks: [blocks[0], {**blocks[1], "blockID": blocks[1]["blockID"][:-1] + "x"}],
        lambda blocks: [blocks[0], {**blocks[1], "blockID": blocks[0]["blockID"]}],
        lambda blocks: [{**blocks[0], "blockID": blocks[0]["blockID"][:-4] + "0000"}, blocks[1]],
        lambda blocks: list(reversed(blocks)),
    ],
)
def test_blocks_that_are_missing_or_do_not_stand_upon_each_other_are_an_error(usdt, paid, change):
    height = usdt.adapter.head().height
    usdt.between.changes[BLOCKS] = lambda answer: {"block": change(answer["block"])}
    with pytest.raises(ChainUnavailableError):
        usdt.adapter.scan(height - 1, height, everyone)


def test_another_block_than_was_asked_for_is_an_error(usdt):
    third = usdt.http.ask("/wallet/getblock", {"id_or_num": "3", "detail": False})
    usdt.between.changes["/wallet/getblock"] = lambda answer: third
    assert usdt.adapter.block_hash(3) == third["blockID"]
    with pytest.raises(ChainUnavailableError):
        usdt.adapter.block_hash(4)


def test_a_long_range_is_read_in_parts_that_stand_upon_each_other(usdt):
    usdt.mine(25)
    address = usdt.new_address()
    usdt.pay(address, 3)
    usdt.mine()
    height = usdt.adapter.head().height
    seen = usdt.adapter.scan(0, height, lambda them: {address} & set(them))
    assert [transfer.height for transfer in seen] == [height]
    assert usdt.between.asked.count(BLOCKS) == (height + 10) // 10


def test_a_reorganisation_between_two_parts_is_an_error(usdt):
    usdt.mine(15)
    parts = []

    def replaced(answer):
        parts.append(answer)
        if len(parts) == 1:
            usdt.reorg(18, drop=[])
        return answer

    height = usdt.adapter.head().height
    usdt.between.changes[BLOCKS] = replaced
    with pytest.raises(ChainUnavailableError):
        usdt.adapter.scan(height - 12, height, everyone)


def test_what_waits_is_told_where_the_node_tells_it(usdt):
    usdt.pay(usdt.new_address(), 3)

    def refuse(answer):
        raise NodeRefusalError(0, "not here")

    assert len(usdt.adapter.mempool(everyone)) == 1
    usdt.between.changes["/wallet/gettransactionlistfrompending"] = refuse
    assert usdt.adapter.mempool(everyone) == []


def test_a_pool_of_many_is_not_asked_for_each(usdt):
    for units in range(1, 50):
        usdt.pay(usdt.new_address(), units)
    usdt.between.asked.clear()
    assert [seen.units for seen in usdt.adapter.mempool(everyone)] == list(range(1, 41))
    assert len(usdt.between.asked) == 41


def test_a_witness_that_has_another_block_stops_it_and_one_that_is_behind_does_not(usdt):
    height = usdt.adapter.head().height
    right = usdt.adapter.block_hash(height)
    usdt.between.other_nodes = [usdt.http]
    usdt.adapter.witness(height, right)
    usdt.adapter.witness(height + 1, "ab" * 32)
    with pytest.raises(ChainUnavailableError):
        usdt.adapter.witness(height, "ab" * 32)


def test_a_witness_must_have_the_transfer_too(usdt):
    usdt.pay(usdt.new_address(), 3)
    usdt.mine()
    height = usdt.adapter.head().height
    (seen,) = usdt.adapter.scan(height, height, everyone)
    usdt.between.other_nodes = [usdt.http]
    usdt.adapter.witness(height, seen.block_hash, seen)
    for changed in ({"units": 4}, {"to": usdt.new_address()}, {"token": "TRX"}, {"index": seen.index + 1}):
        with pytest.raises(ChainUnavailableError, match="transfer"):
            usdt.adapter.witness(height, seen.block_hash, replace(seen, **changed))
