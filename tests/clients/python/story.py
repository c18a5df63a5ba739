"""A dossier from submission to its result, played against the suite by a client that shares no code with it.

    story.py BINARY

starts BINARY on an empty data folder with the province, three officers and a citizen, who sign in at two OpenID providers that
this script stands in for.
"""

import base64
import csv
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import uuid

import grpc
import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from google.protobuf.duration_pb2 import Duration
from google.rpc.error_details_pb2 import ErrorInfo
from grpc_status import rpc_status

from motcua.identity.v1.token_service_pb2 import IssueTokenRequest
from motcua.identity.v1.token_service_pb2_grpc import TokenServiceStub
from motcua.intake.v1 import dossier_service_pb2 as intake
from motcua.intake.v1.dossier_service_pb2_grpc import DossierServiceStub
from motcua.routing.v1 import transfer_service_pb2 as routing
from motcua.routing.v1.transfer_service_pb2_grpc import TransferServiceStub

PROVINCE = pathlib.Path(__file__).parents[3] / "deploy" / "daklak"
UNIT = "daklak-0035"
BIRTH_REGISTRATION = "1.001193"
CITIZEN = "lan"
NAME, CCCD = "H'Lan Niê", "066088000003"
OFFICERS_AT, APPLICANTS_AT = "https://sso.example", "https://vneid.example"
OFFICERS = {f"lan-{role}": role for role in ("receptionist", "examiner", "leader")}
PATIENCE_SECONDS = 20


def with_patience(call):
    """Repeats a call while the suite asks for patience: it is safe with the same request_id."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return call()
        except grpc.RpcError as error:
            if error.code() != grpc.StatusCode.UNAVAILABLE or time.monotonic() > deadline:
                raise
            time.sleep(0.1)


class Cast:
    """Everybody who calls, with their tokens, and the key of the providers at which they sign in."""

    def __init__(self, folder):
        self.key = Ed25519PrivateKey.generate()
        self.tokens = {}
        positions = [[officer, role, UNIT, "2017-01-01", "", ""] for officer, role in OFFICERS.items()]
        write(folder / "officers.csv", [["subject", "name"], *([officer, NAME] for officer in OFFICERS)])
        write(
            folder / "positions.csv",
            [["subject", "role", "unit", "first_day", "last_day", "acting_for"], *positions],
        )
        self.providers = folder / "providers.json"
        settings = [self.provider("officers", OFFICERS_AT), self.provider("applicants", APPLICANTS_AT)]
        self.providers.write_text(json.dumps(settings))

    def provider(self, people, issuer):
        raw = self.key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        jwk = {"kty": "OKP", "crv": "Ed25519", "x": base64.urlsafe_b64encode(raw).decode().rstrip("=")}
        return {"name": people, "issuer": issuer, "audience": "story", "people": people, "jwks": {"keys": [jwk]}}

    def id_token(self, subject):
        """What a provider tells of somebody who signed in there."""
        now = int(time.time())
        claims = {"aud": "story", "sub": subject, "iat": now, "exp": now + 120}
        if subject == CITIZEN:
            claims |= {"iss": APPLICANTS_AT, "name": NAME, "cccd": CCCD}
        else:
            claims |= {"iss": OFFICERS_AT}
        return jwt.encode(claims, self.key, algorithm="EdDSA")

    def credentials(self, channel, subject):
        """The metadata that says who calls."""
        if subject not in self.tokens:
            request = IssueTokenRequest(id_token=self.id_token(subject))
            issued = with_patience(lambda: TokenServiceStub(channel).IssueToken(request, timeout=PATIENCE_SECONDS))
            self.tokens[subject] = issued.token
        return [("authorization", f"Bearer {self.tokens[subject]}")]


class Story:
    """The callers of one running suite."""

    def __init__(self, channel, cast):
        self.channel, self.cast = channel, cast
        self.intake, self.routing = DossierServiceStub(channel), TransferServiceStub(channel)
        self.position = None

    def call(self, method, request, subject):
        """Calls as somebody who has seen all that was done before."""
        metadata = self.cast.credentials(self.channel, subject)
        if self.position:
            metadata = [*metadata, ("motcua-after", self.position)]
        reply, call = with_patience(lambda: method.with_call(request, metadata=metadata, timeout=PATIENCE_SECONDS))
        initial = dict(call.initial_metadata())
        self.position = initial.get("motcua-position", self.position)
        return reply

    def refusal(self, method, request, subject):
        """The code and the reason of a call that must be refused."""
        try:
            self.call(method, request, subject)
        except grpc.RpcError as error:
            for detail in rpc_status.from_call(error).details:
                info = ErrorInfo()
                if detail.Unpack(info):
                    assert info.domain == "motcua", info
                    return error.code(), info.reason
            raise
        raise AssertionError(f"{request} was not refused")

    def take_over(self, role):
        """Pulls the next offer to the unit and accepts it."""
        pull = routing.PullTransfersRequest(unit_uid=UNIT, max_transfers=1, wait=Duration(seconds=10))
        delivery = self.call(self.routing.PullTransfers, pull, f"lan-{role}").deliveries[0]
        accept = routing.AcceptTransferRequest(
            request_id=request_id(),
            transfer_uid=delivery.transfer.uid,
            offer_epoch=delivery.transfer.offer_epoch,
        )
        return self.call(self.routing.AcceptTransfer, accept, f"lan-{role}").transfer

    def play(self):
        """Submitted, received, examined, signed, returned."""
        submit = submission()
        dossier = self.call(self.intake.SubmitDossier, submit, CITIZEN).dossier
        again = self.call(self.intake.SubmitDossier, submit, CITIZEN).dossier
        assert again == dossier, "the same request_id gives the same reply and no second dossier"
        listed = self.call(self.intake.ListDossiers, intake.ListDossiersRequest(), CITIZEN)
        assert [known.uid for known in listed.dossiers] == [dossier.uid]
        receive = intake.ReceiveDossierRequest(request_id=request_id(), dossier_uid=dossier.uid)
        self.call(self.intake.ReceiveDossier, receive, "lan-receptionist")
        receive.request_id = request_id()
        refused = self.refusal(self.intake.ReceiveDossier, receive, "lan-receptionist")
        assert refused == (grpc.StatusCode.FAILED_PRECONDITION, "STATE_FORBIDS"), refused
        examined = self.take_over("examiner")
        complete = routing.CompleteTransferRequest(
            request_id=request_id(), transfer_uid=examined.uid, custody_epoch=examined.custody_epoch
        )
        self.call(self.routing.CompleteTransfer, complete, "lan-examiner")
        held = self.take_over("leader")
        decision = intake.Decision(
            outcome=intake.OUTCOME_GRANTED, number="12/QĐ-UBND", date="2017-08-28", signer="Chủ tịch UBND"
        )
        decide = intake.RecordDecisionRequest(**custody_of(held), decision=decision)
        self.call(self.intake.RecordDecision, decide, "lan-leader")
        result = self.take_over("receptionist")
        give_back = intake.ReturnResultRequest(**custody_of(result))
        returned = self.call(self.intake.ReturnResult, give_back, "lan-receptionist").dossier
        assert returned.state == intake.DOSSIER_STATE_RETURNED, returned
        return returned.code


def custody_of(transfer):
    return {
        "request_id": request_id(),
        "dossier_uid": transfer.dossier_uid,
        "transfer_uid": transfer.uid,
        "custody_epoch": transfer.custody_epoch,
    }


def submission():
    applicant = intake.Applicant(
        name=NAME, number_kind=intake.APPLICANT_NUMBER_KIND_CCCD, number=CCCD
    )
    components = [
        intake.HandedIn(component_key=key, originals=1, copies=1) for key in ("form", "identity", "evidence")
    ]
    return intake.SubmitDossierRequest(
        request_id=request_id(),
        procedure_code=BIRTH_REGISTRATION,
        receiving_unit_uid=UNIT,
        applicant=applicant,
        components=components,
    )


def write(file, rows):
    with open(file, "w", newline="") as target:
        csv.writer(target, lineterminator="\n").writerows(rows)


def request_id():
    return uuid.uuid4().hex


def main(binary):
    with tempfile.TemporaryDirectory() as folder:
        callers, data = pathlib.Path(folder, "callers"), f"{folder}/data"
        callers.mkdir()
        cast = Cast(callers)
        subprocess.run([binary, "import", "--data-dir", data, PROVINCE, callers], check=True)
        serve = [binary, "serve", "all", "--data-dir", data, "--listen", "127.0.0.1:0"]
        serve += ["--providers", cast.providers]
        serve += ["--simulated-clock", "2017-08-28T08:00:00+07:00"]
        quiet = os.environ | {"RUST_LOG": "warn"}
        suite = subprocess.Popen(serve, stdout=subprocess.PIPE, text=True, env=quiet)
        try:
            address = suite.stdout.readline().removeprefix("listening on ").strip()
            with grpc.insecure_channel(address) as channel:
                code = Story(channel, cast).play()
        finally:
            suite.terminate()
            ended = suite.wait(timeout=PATIENCE_SECONDS)
    assert ended == 0, f"the suite ended with {ended}"
    print(f"{code}: submitted, received, examined, signed and returned")


if __name__ == "__main__":
    main(sys.argv[1])
