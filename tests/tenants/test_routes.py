"""``GET /user/me/``."""

from chalicelib.tenants import service
from chalicelib.tenants.records import TenantRecord


def test_it_shows_the_tenants_settings_with_numbers_as_numbers(client, env, tenant):
    answer = client.get("/user/me/")
    assert answer.status == 200
    masked = answer.json["webhook_secret_masked"]
    assert masked.startswith("sec_****")
    assert len(masked) == 11
    assert answer.text == (
        '{"name":"Your Company","transaction_fee":1.0,"is_fee_paid_by_user":false,"tolerance_percent":0.5,'
        f'"webhook_callback_url":null,"webhook_secret_masked":"{masked}","webhook_stopped":false}}'
    )


def test_it_shows_a_change_at_once(client, env, tenant):
    client.get("/user/me/")
    client.post("/user/webhooks/", {"callback_url": "https://your-site.com/webhook"})
    changes = [TenantRecord.transaction_fee.set("0.25"), TenantRecord.callback_stopped.set(True)]
    service.change(env, tenant.tenant_id, *changes)
    shown = client.get("/user/me/")
    assert '"transaction_fee":0.25,' in shown.text
    assert shown.json["webhook_callback_url"] == "https://your-site.com/webhook"
    assert shown.json["webhook_stopped"] is True


def test_a_whole_percentage_is_shown_with_a_decimal(client, env, tenant):
    service.change(env, tenant.tenant_id, TenantRecord.transaction_fee.set("2"))
    assert '"transaction_fee":2.0,' in client.get("/user/me/").text


def test_it_costs_one_read(client, aws_calls):
    client.get("/user/me/")
    aws_calls.made.clear()
    client.get("/user/me/")
    assert aws_calls.made == ["GetItem"]
