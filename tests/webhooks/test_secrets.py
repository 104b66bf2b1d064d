import base64

import pytest

from chalicelib.webhooks import secrets

KEY, OLD_KEY = bytes(range(32)), bytes(range(1, 33))


def test_a_secret_is_its_prefix_and_32_random_bytes():
    secret = secrets.new_secret()
    assert secret.startswith("sec_")
    assert secrets.key_of(secret) == base64.b64decode(secret[4:])
    assert len(secrets.key_of(secret)) == 32
    assert secrets.new_secret() != secret


@pytest.mark.parametrize("text", ["", "whsec_AAAA", "sec_not base64", "sec_AAA"])
def test_what_is_no_secret_has_no_key(text):
    with pytest.raises(secrets.SecretUnreadableError):
        secrets.key_of(text)


def test_masked_shows_the_last_three_characters():
    assert secrets.masked("sec_abcdefgh") == "sec_****fgh"


def test_a_sealed_secret_opens_for_its_tenant_and_shows_nothing():
    secret = secrets.new_secret()
    sealed = secrets.seal(secret, KEY, "t_1")
    assert secret.encode() not in sealed
    assert secrets.open_sealed(sealed, {1: KEY}, "t_1") == secret
    assert secrets.seal(secret, KEY, "t_1") != sealed  # a nonce is never used again


def test_another_tenant_cannot_open_it():
    with pytest.raises(secrets.SecretUnreadableError, match="tenant"):
        secrets.open_sealed(secrets.seal("sec_AAAA", KEY, "t_1"), {1: KEY}, "t_2")


def test_after_a_key_rotation_the_old_one_still_opens():
    old = secrets.seal("sec_AAAA", OLD_KEY, "t_1", key_version=1)
    new = secrets.seal("sec_BBBB", KEY, "t_1", key_version=2)
    keys = {1: OLD_KEY, 2: KEY}
    assert (old[0], new[0]) == (1, 2)
    assert [secrets.open_sealed(sealed, keys, "t_1") for sealed in (old, new)] == ["sec_AAAA", "sec_BBBB"]
    with pytest.raises(secrets.SecretUnreadableError, match="version"):
        secrets.open_sealed(old, {2: KEY}, "t_1")


def test_a_changed_version_byte_or_text_does_not_open():
    sealed = secrets.seal("sec_AAAA", KEY, "t_1")
    for changed in (b"\x02" + sealed[1:], sealed[:-1] + bytes([sealed[-1] ^ 1])):
        with pytest.raises(secrets.SecretUnreadableError):
            secrets.open_sealed(changed, {1: KEY, 2: KEY}, "t_1")


@pytest.mark.parametrize("sealed", [b"", b"\x01", b"\x01" + bytes(12), b"\x01" + bytes(20)])
def test_what_is_too_short_does_not_open(sealed):
    with pytest.raises(secrets.SecretUnreadableError):
        secrets.open_sealed(sealed, {1: KEY}, "t_1")


def test_a_key_of_the_wrong_length_is_refused():
    with pytest.raises(ValueError, match="32 bytes"):
        secrets.seal("sec_AAAA", b"short", "t_1")
