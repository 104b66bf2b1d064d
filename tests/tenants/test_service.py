"""Creating and changing tenants."""

import pytest

from chalicelib.errors import InvalidRequestError, NotFoundError
from chalicelib.tenants import service
from chalicelib.tenants.records import TenantRecord
from chalicelib.tenants.settings import settings_of
from tests.support.client import ApiClient


def test_a_new_tenants_credentials_work(env, anyone: ApiClient):
    made = service.create_tenant(env, "Your Company")
    form = {"grant_type": "client_credentials", "client_id": made.client_id, "client_secret": made.client_secret}
    token = anyone.post("/o/token/", form=form).json["access_token"]
    assert anyone.with_token(token).get("/user/me/").json["name"] == "Your Company"


@pytest.mark.parametrize("fee", ["0", "0.0001", "99.9999", "1.5", "12"])
def test_a_fee_is_a_percentage(env, fee):
    made = service.create_tenant(env, "A", transaction_fee=fee)
    assert service.tenant(env, made.tenant_id).transaction_fee == fee


@pytest.mark.parametrize("fee", ["", "-1", "100", "1e1", "1.00001", ".5", "1,5", "٣", "NaN", "1 "])
def test_anything_else_is_none_and_nothing_is_created(env, fee):
    with pytest.raises(InvalidRequestError):
        service.create_tenant(env, "A", transaction_fee=fee)
    assert service.list_tenants(env) == []


@pytest.mark.parametrize("name", ["", "x" * 101])
def test_a_name_has_1_to_100_characters(env, name):
    with pytest.raises(InvalidRequestError):
        service.create_tenant(env, name)


def test_a_change_is_seen_at_once_here_and_within_seconds_elsewhere(env, another_process, tenant, clock):
    other = another_process()
    assert not settings_of(other, tenant.tenant_id).withdrawals_frozen
    service.change(env, tenant.tenant_id, TenantRecord.withdrawals_frozen.set(True))
    assert settings_of(env, tenant.tenant_id).withdrawals_frozen
    assert not settings_of(other, tenant.tenant_id).withdrawals_frozen
    clock.advance(5.1)
    assert settings_of(other, tenant.tenant_id).withdrawals_frozen


def test_a_tenant_that_does_not_exist_is_not_made_by_changing_it(env):
    with pytest.raises(NotFoundError):
        service.change(env, "t_nobody", TenantRecord.withdrawals_frozen.set(True))
    with pytest.raises(NotFoundError):
        service.tenant(env, "t_nobody")
