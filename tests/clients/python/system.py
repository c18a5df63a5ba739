"""Another system of the province, from its registration to its end, with libraries that anybody has for OAuth 2.0 and gRPC.

    system.py BINARY

authlib asks for tokens, PyJWT verifies them, grpcio calls with them, all of it over TLS with a certificate of the client's own.
"""

import json
import pathlib
import ssl
import subprocess
import sys
import tempfile
import time

import grpc
import jwt
import requests
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from authlib.oauth2.rfc8414 import AuthorizationServerMetadata
from joserfc.jwk import ECKey

from certificates import Authority
from motcua.identity.v1 import client_service_pb2 as clients
from motcua.identity.v1 import token_service_pb2 as tokens
from motcua.identity.v1.client_service_pb2_grpc import ClientServiceStub
from motcua.identity.v1.token_service_pb2_grpc import TokenServiceStub
from motcua.intake.v1 import dossier_service_pb2 as intake
from motcua.intake.v1.dossier_service_pb2_grpc import DossierServiceStub
from story import PROVINCE, UNIT, submission
from suite import PATIENCE_SECONDS, free_port, request_id, serving, with_patience

CLIENT = "tax-office"
ADMINISTRATOR, PASSWORD = "lan", "bông hoa cà phê trắng"
RPCS = [f"motcua.intake.v1.DossierService/{rpc}" for rpc in ("SubmitDossier", "ListDossiers")]


class System:
    """The tax office's system: what it has is its certificate, its keys, and the suite's URL."""

    def __init__(self, issuer, trusted, certificate):
        self.issuer, self.trusted = issuer, trusted
        self.certificate, self.certificate_key, self.subject = certificate
        metadata = requests.get(f"{issuer}/.well-known/openid-configuration", verify=trusted)
        self.metadata = AuthorizationServerMetadata(metadata.json())
        self.metadata.validate()
        context = ssl.create_default_context(cafile=trusted)
        self.verifying_keys = jwt.PyJWKClient(self.metadata["jwks_uri"], ssl_context=context)

    def session(self, key=None):
        """It asks for tokens by an assertion that `key` signs, or without one by its certificate."""
        method = PrivateKeyJWT(alg="ES256") if key else "none"
        transport = {"verify": self.trusted, "cert": (self.certificate, self.certificate_key), "trust_env": False}
        return OAuth2Session(CLIENT, key, token_endpoint_auth_method=method, **transport)

    def token(self, key=None):
        endpoint = self.metadata["token_endpoint"]
        return self.session(key).fetch_token(endpoint, grant_type="client_credentials")["access_token"]

    def verified(self, token):
        """What the token says, once it is known to be the suite's."""
        key = self.verifying_keys.get_signing_key_from_jwt(token)
        return jwt.decode(token, key, algorithms=["EdDSA"], audience="motcua", issuer=self.issuer)

    def channel(self, token, shows_certificate=True):
        """Calls with the token, and under the certificate that it is bound to."""
        files = [self.trusted]
        if shows_certificate:
            files += [self.certificate_key, self.certificate]
        transport = grpc.ssl_channel_credentials(*(pathlib.Path(file).read_bytes() for file in files))
        credentials = grpc.composite_channel_credentials(transport, grpc.access_token_call_credentials(token))
        return grpc.secure_channel(self.issuer.removeprefix("https://"), credentials)


class Administrator:
    """Who lets the system in."""

    def __init__(self, issuer, trusted):
        self.address = issuer.removeprefix("https://")
        transport = grpc.ssl_channel_credentials(pathlib.Path(trusted).read_bytes())
        with grpc.secure_channel(self.address, transport) as channel:
            request = tokens.SignInRequest(subject=ADMINISTRATOR, password=PASSWORD)
            token = with_patience(lambda: TokenServiceStub(channel).SignIn(request)).token
        self.credentials = grpc.composite_channel_credentials(transport, grpc.access_token_call_credentials(token))

    def call(self, rpc, request):
        with grpc.secure_channel(self.address, self.credentials) as channel:
            return with_patience(lambda: getattr(ClientServiceStub(channel), rpc)(request)).client

    def register(self, key, subject):
        registration = clients.ClientRegistration(
            name="Hệ thống của Cục Thuế",
            kind=clients.CLIENT_KIND_SYSTEM,
            rpcs=RPCS,
            unit_uids=[UNIT],
            rate_class=tokens.RATE_CLASS_HIGH,
            certificate_subject=subject,
        )
        request = clients.RegisterClientRequest(
            request_id=request_id(), client_id=CLIENT, registration=registration, jwks=[public(key)]
        )
        return self.call("RegisterClient", request)

    def change(self, rpc, request, **what):
        return self.call(rpc, request(request_id=request_id(), client_id=CLIENT, **what))


def public(key):
    return json.dumps(key.as_dict(private=False))


def caller(channel):
    return with_patience(lambda: TokenServiceStub(channel).GetCaller(tokens.GetCallerRequest()))


def it_works_for_its_units(system, key):
    token = system.token(key)
    claims = system.verified(token)
    assert (claims["sub"], claims["exp"] - claims["iat"]) == (CLIENT, 600), claims
    with system.channel(token) as channel:
        known = caller(channel)
        assert known.rate_class == tokens.RATE_CLASS_HIGH and set(RPCS) <= set(known.rpcs), known
        dossiers = DossierServiceStub(channel)
        request = submission()
        submitted, call = with_patience(lambda: dossiers.SubmitDossier.with_call(request))
        after = [("motcua-after", dict(call.initial_metadata())["motcua-position"])]
        listed = with_patience(lambda: dossiers.ListDossiers(intake.ListDossiersRequest(), metadata=after))
        assert [dossier.uid for dossier in listed.dossiers] == [submitted.dossier.uid]
    return submitted.dossier.code


def a_token_is_bound_to_the_certificate(system, key):
    token = system.token(key)
    assert "x5t#S256" in system.verified(token)["cnf"]
    with system.channel(token, shows_certificate=False) as channel:
        assert refusal(lambda: caller(channel)) == grpc.StatusCode.UNAUTHENTICATED
    # Without a key of its own a system may show the certificate that it is registered with.
    by_certificate = system.token()
    assert system.verified(by_certificate)["sub"] == CLIENT


def a_key_is_exchanged_while_both_are_valid(system, administrator, old, new):
    kept = administrator.change("AddClientKey", clients.AddClientKeyRequest, jwk=public(new)).keys
    assert [key.kid for key in kept] == [old.thumbprint(), new.thumbprint()], kept
    assert system.token(old) and system.token(new)
    administrator.change("RemoveClientKey", clients.RemoveClientKeyRequest, kid=old.thumbprint())
    assert is_no_client(lambda: system.token(old))
    assert system.token(new)


def a_token_is_taken_back(system, key):
    token, other = system.token(key), system.token(key)
    session = system.session(key)
    session.revoke_token(system.metadata["revocation_endpoint"], token).raise_for_status()
    until_refused(system, token)
    with system.channel(other) as channel:
        assert caller(channel).caller.subject == CLIENT


def it_is_disabled_at_once(system, administrator, key):
    token = system.token(key)
    assert administrator.change("DisableClient", clients.DisableClientRequest).disabled
    assert is_no_client(lambda: system.token(key)) and is_no_client(system.token)
    until_refused(system, token)


def until_refused(system, token):
    """Services hear within a second what was taken back."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    with system.channel(token) as channel:
        while refusal(lambda: caller(channel)) != grpc.StatusCode.UNAUTHENTICATED:
            assert time.monotonic() < deadline, "the token is still taken"
            time.sleep(0.05)


def refusal(call):
    try:
        call()
    except grpc.RpcError as error:
        return error.code()


def is_no_client(ask):
    try:
        ask()
    except AuthlibBaseError as error:
        return error.error == "invalid_client"


def main(binary):
    with tempfile.TemporaryDirectory() as folder:
        data, authority = f"{folder}/data", Authority(folder)
        subprocess.run([binary, "import", "--data-dir", data, PROVINCE], check=True)
        create = [binary, "admin", "--data-dir", data, "create", ADMINISTRATOR, "--name", "Lan", "--password-stdin"]
        subprocess.run(create, check=True, input=PASSWORD, text=True)
        certificate, key, _ = authority.issue("Tỉnh Đắk Lắk", "motcua")
        address = f"localhost:{free_port()}"
        options = ["--listen", address.replace("localhost", "127.0.0.1"), "--issuer", f"https://{address}"]
        options += ["--tls-certificate", certificate, "--tls-key", key, "--tls-client-ca", authority.file]
        with serving(binary, data, *options):
            play(f"https://{address}", authority)


def play(issuer, authority):
    system = System(issuer, authority.file, authority.issue("Cục Thuế, tỉnh Đắk Lắk", "thue"))
    administrator = Administrator(issuer, authority.file)
    old, new = ECKey.generate_key("P-256"), ECKey.generate_key("P-256")
    assert [key.kid for key in administrator.register(old, system.subject).keys] == [old.thumbprint()]
    code = it_works_for_its_units(system, old)
    a_token_is_bound_to_the_certificate(system, old)
    a_key_is_exchanged_while_both_are_valid(system, administrator, old, new)
    a_token_is_taken_back(system, new)
    it_is_disabled_at_once(system, administrator, new)
    print(f"{code}: submitted by another system over mutual TLS, with tokens that standard libraries asked for")


if __name__ == "__main__":
    main(sys.argv[1])
