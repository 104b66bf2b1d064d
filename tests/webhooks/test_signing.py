import json
from datetime import UTC, datetime

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from chalicelib.webhooks import secrets, signing

BODY = json.dumps({"event": "webhook_test", "note": "größer"}, indent=1).encode() + b"\n"


def now() -> int:
    return int(datetime.now(UTC).timestamp())  # the public library checks against the machine's clock


def public_verifier(secret: str) -> Webhook:
    return Webhook("whsec_" + secret.removeprefix("sec_"))


def test_the_public_library_verifies_our_delivery():
    secret = secrets.new_secret()
    sent = signing.headers([secrets.key_of(secret)], "evt_1", now(), BODY)
    assert public_verifier(secret).verify(BODY, sent) == json.loads(BODY)


def test_during_a_rotation_both_secrets_verify():
    new, old = secrets.new_secret(), secrets.new_secret()
    sent = signing.headers([secrets.key_of(new), secrets.key_of(old)], "evt_1", now(), BODY)
    assert len(sent["webhook-signature"].split(" ")) == 2
    for secret in (new, old):
        public_verifier(secret).verify(BODY, sent)


@pytest.mark.parametrize("changed", [{"webhook-id": "evt_2"}, {"webhook-timestamp": str(now() - 9)}])
def test_a_changed_header_does_not_verify(changed):
    secret = secrets.new_secret()
    sent = signing.headers([secrets.key_of(secret)], "evt_1", now(), BODY) | changed
    with pytest.raises(WebhookVerificationError):
        public_verifier(secret).verify(BODY, sent)


def test_a_changed_body_or_another_secret_does_not_verify():
    secret = secrets.new_secret()
    sent = signing.headers([secrets.key_of(secret)], "evt_1", now(), BODY)
    with pytest.raises(WebhookVerificationError):
        public_verifier(secret).verify(BODY + b" ", sent)
    with pytest.raises(WebhookVerificationError):
        public_verifier(secrets.new_secret()).verify(BODY, sent)


def test_the_specification_s_own_example():
    # The example of the specification's reference implementations.
    key = secrets.key_of("sec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    sent = signing.headers([key], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert sent == {
        "content-type": "application/json",
        "user-agent": "Sluice-Webhooks/1.0",
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_nothing_leaves_unsigned():
    with pytest.raises(ValueError, match="at least one secret"):
        signing.headers([], "evt_1", 1, BODY)


def test_an_id_with_a_dot_could_share_a_signature_and_is_refused():
    with pytest.raises(ValueError, match="dot"):
        signing.headers([b"k"], "evt_1.2", 1, BODY)
