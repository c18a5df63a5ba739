"""An authority and the certificates that it issues, as files."""

import datetime
import ipaddress
import pathlib

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

HOSTS = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]


class Authority:
    """Its own certificate is in `file`."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.name, self.key = named("Tỉnh Đắk Lắk", "Cơ quan chứng thực"), ec.generate_private_key(ec.SECP256R1())
        constraints = x509.BasicConstraints(ca=True, path_length=None)
        own = self._sign(self.name, self.key.public_key(), constraints)
        self.file = self._write("authority.pem", own.public_bytes(serialization.Encoding.PEM))

    def issue(self, organisation, common_name):
        """A certificate for this machine, as server and as client: its file, that of its key, and its subject (RFC 4514)."""
        name, key = named(organisation, common_name), ec.generate_private_key(ec.SECP256R1())
        certificate = self._sign(name, key.public_key(), x509.SubjectAlternativeName(HOSTS))
        pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return (
            self._write(f"{common_name}.crt", certificate.public_bytes(serialization.Encoding.PEM)),
            self._write(f"{common_name}.key", pem),
            name.rfc4514_string(),
        )

    def _sign(self, name, public_key, extension):
        now = datetime.datetime.now(datetime.UTC)
        builder = x509.CertificateBuilder().subject_name(name).issuer_name(self.name).public_key(public_key)
        builder = builder.serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(hours=1))
        builder = builder.not_valid_after(now + datetime.timedelta(days=1)).add_extension(extension, critical=True)
        return builder.sign(self.key, hashes.SHA256())

    def _write(self, name, content):
        file = self.folder / name
        file.write_bytes(content)
        return str(file)


def named(organisation, common_name):
    parts = [(NameOID.COUNTRY_NAME, "VN"), (NameOID.ORGANIZATION_NAME, organisation), (NameOID.COMMON_NAME, common_name)]
    return x509.Name([x509.NameAttribute(oid, text) for oid, text in parts])
