import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from chalicelib.webhooks.connection import verified_tls
from chalicelib.webhooks.guard import TargetPolicy
from chalicelib.webhooks.targets import check_url
from chalicelib.webhooks.transport import DEFAULT_LIMITS, Attempt, Limits, post

LOCAL = TargetPolicy(allow_local=True)


def self_signed(host: str) -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return private + certificate.public_bytes(serialization.Encoding.PEM)


@dataclass
class TlsReceiver:
    port: int
    trusting: ssl.SSLContext
    names: list[str | None] = field(default_factory=list)
    requests: list[bytes] = field(default_factory=list)


@pytest.fixture
def receiver(tmp_path: Path) -> Iterator[TlsReceiver]:
    pem = tmp_path / "receiver.pem"
    pem.write_bytes(self_signed("hook.example.com"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    trusting.load_verify_locations(pem)
    listener = socket.create_server(("127.0.0.1", 0))
    server = TlsReceiver(listener.getsockname()[1], trusting)
    context.sni_callback = lambda _sock, name, _context: server.names.append(name)
    thread = Thread(target=serve, args=(listener, context, server))
    thread.start()
    yield server
    listener.shutdown(socket.SHUT_RDWR)
    thread.join()
    listener.close()


def serve(listener: socket.socket, context: ssl.SSLContext, server: TlsReceiver) -> None:
    while True:
        try:
            plain, _ = listener.accept()
        except OSError:
            return
        with plain, suppress(OSError), context.wrap_socket(plain, server_side=True) as connection:
            server.requests.append(whole_request(connection))
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")


def whole_request(connection: ssl.SSLSocket) -> bytes:
    """Read to the body's end: who closes before that takes its own answer away."""
    read = connection.recv(65536)
    while read and not read.endswith(b"\r\n\r\n{}"):
        read += connection.recv(65536)
    return read


def send(port: int, host: str = "hook.example.com", tls=verified_tls, limits: Limits = DEFAULT_LIMITS) -> Attempt:
    target = check_url(f"https://{host}:{port}/in", LOCAL)
    return post(target, {}, b"{}", lambda _: ["127.0.0.1"], LOCAL, now=0, limits=limits, tls=tls)


def test_a_certificate_nobody_vouches_for_is_a_tls_failure(receiver):
    attempt = send(receiver.port)
    assert (attempt.status_code, attempt.failure) == (None, "tls")
    assert receiver.requests == []


def test_the_certificate_is_checked_on_the_name_not_on_the_address(receiver):
    attempt = send(receiver.port, tls=lambda: receiver.trusting)
    assert (attempt.status_code, attempt.failure) == (200, None)
    assert receiver.names == ["hook.example.com"]
    assert f"Host: hook.example.com:{receiver.port}\r\n".encode() in receiver.requests[0]


def test_a_trusted_certificate_of_another_name_is_a_tls_failure(receiver):
    assert send(receiver.port, host="other.example.com", tls=lambda: receiver.trusting).failure == "tls"
    assert receiver.requests == []


def test_a_handshake_that_stalls_ends_at_the_connect_limit():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        started = time.monotonic()
        attempt = send(listener.getsockname()[1], limits=Limits(connect_seconds=0.3))
    assert attempt.failure == "tls"
    assert 0.3 <= time.monotonic() - started < 3


def test_the_default_settings_verify_names_and_speak_nothing_old():
    context = verified_tls()
    assert context.check_hostname
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2
