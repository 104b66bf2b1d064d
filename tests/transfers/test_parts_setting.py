import pytest

from chalicelib.environment import Environment
from chalicelib.errors import InvalidRequestError, NotFoundError
from chalicelib.operator.command_line import run
from chalicelib.tenants.service import NewTenant
from chalicelib.tenants.settings import settings_of


def test_a_tenant_has_one_part_until_the_operator_splits_it(env: Environment, tenant: NewTenant) -> None:
    assert settings_of(env, tenant.tenant_id).balance_parts == 1
    shown = run(env, ["tenant", "set-balance-parts", tenant.tenant_id, "8"])
    assert shown["balance_parts"] == 8
    assert settings_of(env, tenant.tenant_id).balance_parts == 8
    assert run(env, ["tenant", "set-balance-parts", tenant.tenant_id, "8"])["balance_parts"] == 8


@pytest.mark.parametrize("parts", ["0", "17", "two", "1.5", "7"])
def test_other_numbers_and_fewer_are_refused(env: Environment, tenant: NewTenant, parts: str) -> None:
    run(env, ["tenant", "set-balance-parts", tenant.tenant_id, "8"])
    with pytest.raises(InvalidRequestError):
        run(env, ["tenant", "set-balance-parts", tenant.tenant_id, parts])
    assert settings_of(env, tenant.tenant_id).balance_parts == 8


def test_an_unknown_tenant_is_not_made(env: Environment) -> None:
    with pytest.raises(NotFoundError):
        run(env, ["tenant", "set-balance-parts", "t_unknown", "2"])
