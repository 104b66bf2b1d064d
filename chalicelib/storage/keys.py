"""Every key of the table, in one place. A partition key starts with its room, then the tenant."""

import hashlib

from chalicelib.storage.records import Key

OUTBOX_SHARDS = 4
PLATFORM = "platform"  # in a merchant's place: under it lie moves of our own money, and their gas in the books


def tenant(tenant_id: str) -> Key:
    """A merchant's settings."""
    return Key(f"TENANT#{tenant_id}", "settings")


def tenant_entry(tenant_id: str) -> Key:
    """A merchant's line in the operator's list."""
    return Key("TENANTS", tenant_id)


def application(tenant_id: str, application_id: int) -> Key:
    """An OAuth application, in its tenant's list."""
    return Key(f"APPLICATION#{tenant_id}", f"{application_id:09d}")


def application_counter(tenant_id: str) -> Key:
    """What numbers a tenant's applications."""
    return Key(f"APPLICATION#{tenant_id}", "counter")


def client(client_id: str) -> Key:
    """What ``/o/token/`` reads: a client's secret hash and scopes."""
    return Key(f"CLIENT#{client_id}", "client")


def token_requests(of: str, minute: int) -> Key:
    """How often one client, or one source address, asked for tokens in a minute."""
    return Key(f"TOKENRATE#{of}", f"{minute}")


def revocations() -> str:
    """The partition of revoked tokens and deleted applications: a small feed."""
    return "REVOCATION"


def revocation(revoked: str) -> Key:
    """One entry of the revocation feed."""
    return Key(revocations(), revoked)


def guard(tenant_id: str, route: str, idempotency_key: str) -> Key:
    """An idempotency key's guard; only a hash of the key is stored."""
    digest = hashlib.sha256(idempotency_key.encode()).hexdigest()[:40]
    return Key(f"IDEMPOTENCY#{tenant_id}", f"{route}#{digest}")


def wallets(tenant_id: str) -> str:
    """The partition of a tenant's sub-accounts; a wallet's id starts with its number, so it is their order."""
    return f"WALLET#{tenant_id}"


def wallet(tenant_id: str, wallet_id: str) -> Key:
    """A sub-account."""
    return Key(wallets(tenant_id), wallet_id)


def wallet_counter(tenant_id: str) -> Key:
    """What numbers a tenant's sub-accounts."""
    return Key(f"WALLETCOUNTER#{tenant_id}", "counter")


def external_wallet(tenant_id: str, external_id: str) -> Key:
    """The pointer from a merchant's own name for a sub-account to it."""
    return Key(f"EXTERNAL#{tenant_id}", external_id)


def transfers(tenant_id: str, part: int) -> str:
    """The partition of the transfers that one part of a master account takes part in, in order of arrival."""
    return f"TRANSFER#{tenant_id}#{part}"


def transfer(tenant_id: str, part: int, transfer_id: str) -> Key:
    """A transfer."""
    return Key(transfers(tenant_id, part), transfer_id)


def transfer_cursor(tenant_id: str, part: int) -> Key:
    """Below which transfer all of that part are dealt with."""
    return Key(f"TRANSFERCURSOR#{tenant_id}", f"{part}")


def busy_lanes() -> str:
    """The partition of the parts of master accounts that have had transfers of late: what the sweep looks over."""
    return "TRANSFERSWEEP"


def busy_lane(tenant_id: str, part: int) -> Key:
    """One of them."""
    return Key(busy_lanes(), f"{tenant_id}#{part}")


def transfers_of_wallet(tenant_id: str, wallet_id: str) -> str:
    """The list index's partition of one sub-account's transfers, by transfer id."""
    return f"WALLETTRANSFERS#{tenant_id}#{wallet_id}"


def withdrawals(tenant_id: str) -> str:
    """The partition of a tenant's withdrawals; ids are UUIDv7, so its order is the order of creation."""
    return f"WITHDRAWAL#{tenant_id}"


def withdrawal(tenant_id: str, withdrawal_id: str) -> Key:
    """A withdrawal."""
    return Key(withdrawals(tenant_id), withdrawal_id)


def custom_id(tenant_id: str, custom: str) -> Key:
    """The pointer from a merchant's own name for a withdrawal to it, for ever."""
    return Key(f"CUSTOM#{tenant_id}", custom)


def withdrawals_by_amount(tenant_id: str, currency: str) -> str:
    """The list index's partition of a tenant's withdrawals in one currency, by amount."""
    return f"AMOUNT#{tenant_id}#{currency}"


def payments_by_order(tenant_id: str, order_id: str) -> str:
    """The list index's partition of a tenant's payments for one order of its own."""
    return f"ORDER#{tenant_id}#{order_id}"


def refunds(tenant_id: str, payment_id: str) -> Key:
    """How much of a payment has been asked back so far."""
    return Key(f"REFUND#{tenant_id}", payment_id)


def allowed_addresses(tenant_id: str) -> str:
    """The partition of a tenant's list of addresses that it may withdraw to."""
    return f"ALLOWED#{tenant_id}"


def open_payouts(blockchain: str) -> str:
    """The partition of the withdrawals that a blockchain's hot wallet has not seen the end of, oldest first."""
    return f"PAYOUT#{blockchain}"


def open_payout(blockchain: str, withdrawal_id: str) -> Key:
    """One of them."""
    return Key(open_payouts(blockchain), withdrawal_id)


def hot_wallet(blockchain: str, source: str | None = None) -> Key:
    """A blockchain's hot wallet, or a deposit account that is swept: the slot that its next payout takes."""
    return Key(f"HOTWALLET#{blockchain}", f"account#{source}" if source else "wallet")


def holdings(blockchain: str) -> str:
    """The partition of the deposit accounts on which money lies that has not come home."""
    return f"HOLDING#{blockchain}"


def holding(blockchain: str, deposit_address: str) -> Key:
    """One of them."""
    return Key(holdings(blockchain), deposit_address)


def due_holdings(blockchain: str) -> str:
    """The list index's partition of a blockchain's holdings, by when they are to be looked at."""
    return f"DUEHOLDING#{blockchain}"


def coins(blockchain: str) -> str:
    """The partition of the coins that were paid to us on a blockchain, and may not be spent for good yet."""
    return f"COIN#{blockchain}"


def coin(blockchain: str, outpoint: str) -> Key:
    """One of them: ``txid:index``."""
    return Key(coins(blockchain), outpoint)


def coin_batches(blockchain: str) -> str:
    """The partition of the transactions that pay several withdrawals, as long as these are followed or watched."""
    return f"BATCH#{blockchain}"


def coin_batch(blockchain: str, slot: int) -> Key:
    """One of them, by its number."""
    return Key(coin_batches(blockchain), f"{slot:012d}")


def fee_table() -> Key:
    """What payouts cost in each currency, as refreshed last."""
    return Key("FEES", "table")


def protection(tenant_id: str) -> Key:
    """What guards a tenant's withdrawals: the freeze switch, limits, and what of them is used."""
    return Key(f"PROTECTION#{tenant_id}", "limits")


def allowed_address(tenant_id: str, family: str, withdrawal_address: str) -> Key:
    """An entry of a tenant's list of addresses that it may withdraw to."""
    return Key(f"ALLOWED#{tenant_id}", f"{family}#{withdrawal_address}")


def token_bucket(tenant_id: str) -> Key:
    """A tenant's quota of requests."""
    return Key(f"RATE#{tenant_id}", "bucket")


def list_block(tenant_id: str, list_name: str, block: str) -> Key:
    """A block of a list's joint counts."""
    return Key(f"LIST#{tenant_id}#{list_name}", block)


def payments(tenant_id: str) -> str:
    """The partition of a tenant's payments; ids are UUIDv7, so its order is the order of creation."""
    return f"PAYMENT#{tenant_id}"


def payment(tenant_id: str, payment_id: str) -> Key:
    """A payment."""
    return Key(payments(tenant_id), payment_id)


def address(family: str, deposit_address: str) -> Key:
    """The pointer from a deposit address to its payment."""
    return Key(f"ADDRESS#{family}#{deposit_address}", "payment")


def address_counter(family: str) -> Key:
    """What deposit address indexes are leased from, in blocks."""
    return Key(f"COUNTER#{family}", "address_index")


def balances(tenant_id: str) -> str:
    """The partition of all balances of a tenant."""
    return f"BALANCE#{tenant_id}"


def balance(tenant_id: str, account: str, currency: str, part: int = 0) -> Key:
    """One account's balance in one currency, or one part of it where a hot account is split into several."""
    return Key(balances(tenant_id), f"{account}#{currency}" + (f"#{part}" if part else ""))


def journal(tenant_id: str) -> str:
    """The partition of a tenant's journal: one row for each movement."""
    return f"JOURNAL#{tenant_id}"


def movement(tenant_id: str, movement_id: str) -> Key:
    """One journal row."""
    return Key(journal(tenant_id), movement_id)


def history(tenant_id: str, account: str) -> str:
    """The partition of an account's numbered history rows."""
    return f"HISTORY#{tenant_id}#{account}"


def history_row(tenant_id: str, account: str, number: int) -> Key:
    """The n-th history row of an account."""
    return Key(history(tenant_id, account), f"{number:012d}")


def log(tenant_id: str) -> str:
    """The partition of a tenant's numbered event log, in pages."""
    return f"LOG#{tenant_id}"


def log_page(tenant_id: str, first_sequence: int, place: int) -> Key:
    """The page of the log that starts with this number; pages without events share it, in their places."""
    return Key(log(tenant_id), f"{first_sequence:012d}#{place:06d}")


def event(tenant_id: str, event_id: str) -> Key:
    """An event with its body and its delivery's attempts."""
    return Key(f"EVENT#{tenant_id}", event_id)


def outbox_shards() -> list[str]:
    """The partitions of the outbox."""
    return [f"OUTBOX#{shard}" for shard in range(OUTBOX_SHARDS)]


def outbox(tenant_id: str, subject: str) -> Key:
    """A reminder that something committed has not been told yet."""
    shard = int.from_bytes(hashlib.sha256(f"{tenant_id}{subject}".encode()).digest()[:2]) % OUTBOX_SHARDS
    return Key(f"OUTBOX#{shard}", f"{tenant_id}#{subject}")


def retry_bucket(due_at: float) -> str:
    """The partition of webhook attempts that fall due in the same hour, in the order of their time."""
    return f"RETRY#{int(due_at) // 3600}"


def retry(due_at: int, tenant_id: str, event_id: str) -> Key:
    """One webhook attempt that is due at that second."""
    return Key(retry_bucket(due_at), f"{due_at:012d}#{tenant_id}#{event_id}")


def deliveries(tenant_id: str) -> str:
    """The partition that finds a tenant's deliveries by their place, where some of its events went nowhere."""
    return f"DELIVERY#{tenant_id}"


def delivery_run(tenant_id: str, first: int) -> Key:
    """The deliveries of one page of the log, under the place of the first of them."""
    return Key(deliveries(tenant_id), f"{first:012d}")


def endpoint(tenant_id: str, name: str) -> Key:
    """What one receiver of a tenant's (scheme, host, port) has under way, and whether it answers."""
    return Key(f"ENDPOINT#{tenant_id}", hashlib.sha256(name.encode()).hexdigest()[:40])


def webhook_test(tenant_id: str, test_id: str) -> Key:
    """A test event that a tenant asked for."""
    return Key(f"WEBHOOKTEST#{tenant_id}", test_id)


def webhook_tests(tenant_id: str, minute: int) -> Key:
    """How many test events a tenant asked for in a minute."""
    return Key(f"WEBHOOKTESTRATE#{tenant_id}", f"{minute}")


def stopped_target(tenant_id: str, url: str) -> Key:
    """A URL that wants no more webhooks of this tenant."""
    return Key(f"STOPPED#{tenant_id}", hashlib.sha256(url.encode()).hexdigest()[:40])


def sweep(name: str) -> Key:
    """How far a scheduled sweep has come."""
    return Key(f"SWEEP#{name}", "cursor")


def expiry_bucket(expires_at: float) -> str:
    """The index partition of payments that expire in the same hour, in the order of their time."""
    return f"EXPIRY#{int(expires_at) // 3600}"


def chain_cursor(blockchain: str) -> Key:
    """How far a chain has been scanned, and who is scanning it."""
    return Key(f"CHAIN#{blockchain}", "cursor")


def failed_ranges(blockchain: str) -> Key:
    """The ranges of a chain's blocks in which a scan failed."""
    return Key(f"CHAIN#{blockchain}", "failed")


def chain_heads() -> Key:
    """The height of every chain as scanned last: what confirmations are counted from."""
    return Key("CHAIN#heads", "heads")


def blocks(blockchain: str) -> str:
    """The partition of a chain's blocks in which money for us was seen."""
    return f"BLOCK#{blockchain}"


def block(blockchain: str, height: int, block_hash: str, part: int = 0) -> Key:
    """What was seen for us in one block; a reorg's new block at the same height is another item."""
    return Key(blocks(blockchain), f"{height:012d}#{block_hash[-16:]}#{part}")


def mempool(blockchain: str) -> str:
    """The partition of what was seen for us outside any block."""
    return f"MEMPOOL#{blockchain}"


def mempool_sighting(blockchain: str, txid: str, index: int) -> Key:
    """One sighting outside any block."""
    return Key(mempool(blockchain), f"{txid}#{index}")


def stray_deposits() -> str:
    """The partition of what arrived that no catalogue currency names: for the operator."""
    return "STRAY"


def stray_deposit(blockchain: str, txid: str, index: int) -> Key:
    """One such deposit."""
    return Key(stray_deposits(), f"{blockchain}#{txid}#{index}")


def price_board() -> Key:
    """The prices agreed on last."""
    return Key("PRICES", "board")


def rescan(blockchain: str) -> Key:
    """What the audit of a chain's blocks remembers from one run to the next."""
    return Key(f"AUDIT#{blockchain}", "rescan")


def audit_reports() -> str:
    """The partition of the custody reports, oldest first."""
    return "AUDITREPORT"


def audit_report(made_at: int) -> Key:
    """One of them, by the second that it was made in."""
    return Key(audit_reports(), f"{made_at:012d}")


def capitals() -> str:
    """The partition of what the operator says lies on our addresses and belongs to no merchant."""
    return "AUDITCAPITAL"


def capital(blockchain: str, token: str) -> Key:
    """Its part in one token of one blockchain."""
    return Key(capitals(), f"{blockchain}#{token}")


def balance_readings(blockchain: str) -> str:
    """The partition of what nodes said last that lies at addresses of ours."""
    return f"AUDITBALANCE#{blockchain}"


def balance_reading(blockchain: str, where: str) -> Key:
    """One of them: ``address#TOKEN``."""
    return Key(balance_readings(blockchain), where)
