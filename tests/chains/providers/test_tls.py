"""HTTPS: a provider's certificate is verified before anything is asked, and connections are kept."""

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from chalicelib.chains.adapter import ChainUnavailableError
from chalicelib.chains.providers import http_connection
from chalicelib.chains.providers.json_rpc import JsonRpcNode


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A key and its own certificate for ``localhost``."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = tmp_path / "node.pem"
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.fixture
def node(start, certificate: Path):
    """A node that is spoken to by TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return start(tls=context)


@pytest.fixture
def trusted(certificate: Path):
    """While it lasts, that certificate is one of those that are believed."""
    http_connection.verified_tls.cache_clear()
    http_connection.verified_tls().load_verify_locations(certificate)
    yield
    http_connection.verified_tls.cache_clear()


def asking(node, host: str) -> JsonRpcNode:
    return JsonRpcNode(node.url.replace("127.0.0.1", host))


@pytest.mark.usefixtures("trusted")
def test_a_trusted_node_is_asked_over_kept_connections(node):
    asked = asking(node, "localhost")
    assert [asked.ask("echo", n) for n in range(3)] == [[0], [1], [2]]
    assert node.connections == 1
    asked.close()


def test_a_certificate_that_nobody_vouches_for_is_refused(node):
    with pytest.raises(ChainUnavailableError, match="SSLCertVerificationError"):
        asking(node, "localhost").ask("echo")
    assert node.paths == []


@pytest.mark.usefixtures("trusted")
def test_another_hosts_certificate_is_refused(node):
    with pytest.raises(ChainUnavailableError, match="SSLCertVerificationError"):
        asking(node, "127.0.0.1").ask("echo")
    assert node.paths == []


def test_a_node_without_tls_is_none(start):
    plain = start()
    with pytest.raises(ChainUnavailableError):
        JsonRpcNode(plain.url.replace("http:", "https:"), timeout_seconds=2.0).ask("echo")
    assert plain.paths == []
