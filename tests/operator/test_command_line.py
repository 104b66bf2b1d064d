"""The operator's command line: what it does, and that nothing it is told ends the process."""

import json

import pytest

from chalicelib.chains.records import StrayDeposit
from chalicelib.errors import InvalidRequestError, NotFoundError
from chalicelib.operator.__main__ import main
from chalicelib.operator.command_line import OperatorHelp, OperatorUsageError, run
from chalicelib.storage import keys
from chalicelib.storage.unit_of_work import create
from chalicelib.tenants.settings import settings_of
from tests.support.client import ApiClient


@pytest.fixture
def operate(env):
    """Runs a command and gives its answer, as it would be printed."""
    return lambda *argv: json.loads(json.dumps(run(env, argv)))


def test_a_tenant_is_made_with_credentials_that_work(operate, anyone: ApiClient):
    made = operate("tenant", "create", "Your Company")
    assert set(made) == {"tenant_id", "client_id", "client_secret", "scopes"}
    assert made["scopes"] == ["read", "write"]
    form = {
        "grant_type": "client_credentials",
        "client_id": made["client_id"],
        "client_secret": made["client_secret"],
    }
    token = anyone.post("/o/token/", form=form).json["access_token"]
    assert anyone.with_token(token).get("/user/me/").json["transaction_fee"] == 1


def test_all_that_a_tenant_can_be_made_with(operate):
    made = operate("tenant", "create", "Big", "--transaction-fee", "0.4", "--fee-paid-by-user", "--admin")
    assert made["scopes"] == ["read", "write", "admin"]
    shown = operate("tenant", "show", made["tenant_id"])
    assert shown == {
        "tenant_id": made["tenant_id"],
        "name": "Big",
        "transaction_fee": "0.4",
        "withdrawal_fee": "0.4",
        "balance_parts": 1,
        "tolerance_percent": "0.5",
        "is_fee_paid_by_user": True,
        "webhook_callback_url": None,
        "webhook_stopped": False,
        "withdrawals_frozen": False,
        "rate_limit": {"per_minute": 600, "burst": 100},
        "created_at": "2026-09-21T14:13:20Z",
        "applications": [{"id": 1, "client_id": made["client_id"], "scopes": made["scopes"]}],
    }


def test_the_list_names_every_tenant(operate):
    assert operate("tenant", "list") == {"tenants": []}
    made = {operate("tenant", "create", name)["tenant_id"]: name for name in ("A", "B", "C")}
    assert {entry["tenant_id"]: entry["name"] for entry in operate("tenant", "list")["tenants"]} == made


def test_settings_are_changed_at_once(operate, env, tenant):
    assert operate("tenant", "set-fee", tenant.tenant_id, "2.25")["transaction_fee"] == "2.25"
    assert operate("tenant", "set-tolerance", tenant.tenant_id, "0")["tolerance_percent"] == "0"
    assert operate("tenant", "freeze", tenant.tenant_id)["withdrawals_frozen"] is True
    settings = settings_of(env, tenant.tenant_id)
    assert (settings.transaction_fee_percent * 4, settings.tolerance_percent) == (9, 0)
    assert settings.withdrawals_frozen
    assert operate("tenant", "unfreeze", tenant.tenant_id)["withdrawals_frozen"] is False


@pytest.mark.parametrize(
    "limit", [["0"], ["-1"], ["1.5"], ["1000001"], ["60", "--burst", "61"], ["60", "--burst", "0"]]
)
def test_a_wrong_rate_limit_changes_nothing(operate, tenant, limit):
    with pytest.raises((InvalidRequestError, OperatorUsageError)):
        operate("tenant", "set-rate-limit", tenant.tenant_id, *limit)
    assert operate("tenant", "show", tenant.tenant_id)["rate_limit"] == {"per_minute": 600, "burst": 100}


def test_a_rate_limit_is_for_tenants_that_there_are(operate):
    with pytest.raises(NotFoundError):
        operate("tenant", "set-rate-limit", "t_none", "60")


@pytest.mark.parametrize("percent", ["100", "1e1", "x", "1.00001", ""])
def test_a_wrong_percentage_changes_nothing(operate, tenant, percent):
    for command in ("set-fee", "set-tolerance"):
        with pytest.raises(InvalidRequestError):
            operate("tenant", command, tenant.tenant_id, percent)
    assert operate("tenant", "show", tenant.tenant_id)["transaction_fee"] == "1.0"


@pytest.mark.parametrize("command", [["show"], ["freeze"], ["unfreeze"], ["set-fee", "1"], ["set-tolerance", "1"]])
def test_a_tenant_that_does_not_exist(operate, command):
    with pytest.raises(NotFoundError):
        operate("tenant", command[0], "t_nobody", *command[1:])


def test_stray_deposits_are_listed_with_all_that_is_known(operate, env):
    assert operate("deposits", "stray") == {"deposits": []}
    pk, sk = keys.stray_deposit("ETH", "0xabc", 3)
    stray = StrayDeposit(
        pk=pk,
        sk=sk,
        blockchain="ETH",
        token="0xdead",
        units="1000000000000000000000000000000000000001",
        address="0x1",
        txid="0xabc",
        tenant_id="t_1",
        payment_id="p_1",
        seen_at=1_790_000_000,
    )
    env.store.commit(create(stray))
    [shown] = operate("deposits", "stray")["deposits"]
    assert (shown["id"], shown["units"]) == ("ETH#0xabc#3", "1000000000000000000000000000000000000001")
    assert {shown["blockchain"], shown["token"], shown["payment_id"]} == {"ETH", "0xdead", "p_1"}


@pytest.mark.parametrize(
    "argv",
    [
        [],
        ["nonsense"],
        ["tenant"],
        ["tenant", "creat", "A"],
        ["tenant", "create"],
        ["tenant", "create", "A", "B"],
        ["tenant", "create", "A", "--adm"],
        ["tenant", "set-fee", "t_1"],
        ["deposits"],
        ["tenant", "create", "A", "--transaction-fee"],
    ],
)
def test_what_is_no_command_raises_and_shows_the_usage(operate, argv):
    with pytest.raises(OperatorUsageError, match=r"usage: chalicelib\.operator"):
        operate(*argv)


@pytest.mark.parametrize("argv", [["--help"], ["tenant", "-h"], ["tenant", "create", "--help"]])
def test_help_raises_too(operate, argv, capsys):
    with pytest.raises(OperatorHelp, match="usage"):
        operate(*argv)
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("argv", [["tenant", "create", "a\nb"], ["tenant", "show", 7]])
def test_arguments_are_printable_texts(env, argv):
    with pytest.raises(InvalidRequestError):
        run(env, argv)


def test_at_a_terminal_answers_are_json_and_the_exit_code_tells(env, capsys):
    assert main(["tenant", "list"], lambda: env) == 0
    assert json.loads(capsys.readouterr().out) == {"tenants": []}
    assert main(["tenant", "show", "t_nobody"], lambda: env) == 1
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "not_found"
    assert main(["tenant"], lambda: env) == 2
    assert capsys.readouterr().err.startswith("usage")


def test_help_and_usage_need_no_settings_and_missing_settings_are_a_sentence(capsys, monkeypatch):
    monkeypatch.delenv("TABLE_NAME", raising=False)
    assert main(["--help"]) == 0
    assert "tenant" in capsys.readouterr().out
    assert main(["tenant", "craete"]) == 2
    assert capsys.readouterr().err.startswith("usage")
    assert main(["tenant", "list"]) == 2
    assert capsys.readouterr().err == "TABLE_NAME is not set\n"


def test_a_table_that_is_away_is_a_sentence_too(env, aws_calls, capsys):
    aws_calls.fail("Query")
    assert main(["tenant", "list"], lambda: env) == 2
    assert "InternalServerError" in capsys.readouterr().err
