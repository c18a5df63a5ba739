"""A dossier from submission to its result, played against the suite by a client that shares no code with it.

    story.py BINARY

starts BINARY on an empty data folder with the province, three officers and a citizen. They sign in elsewhere: the story signs
their ID tokens itself, with a key that the suite's settings name as that of their OpenID provider.
"""

import csv
import json
import pathlib
import subprocess
import sys
import tempfile
import time

import grpc
import jwt
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
from suite import PATIENCE_SECONDS, request_id, serving, with_patience

PROVINCE = pathlib.Path(__file__).parents[3] / "deploy" / "daklak"
UNIT = "daklak-0035"
BIRTH_REGISTRATION = "1.001193"
CITIZEN = "citizen-lan"
NUMBER = "066088000003"
OFFICERS = {f"lan-{role}": role for role in ("receptionist", "examiner", "leader")}
SSO, VNEID = "https://sso.example", "https://vneid.example"


class Cast:
    """Everybody who calls, with their tokens."""

    def __init__(self):
        self.key = Ed25519PrivateKey.generate()
        self.tokens = {}

    def write(self, folder):
        """The files by which officers hold their positions, and the file of providers."""
        day = "2017-01-01"
        officers = [("subject", "name"), *((officer, officer) for officer in OFFICERS)]
        positions = [("subject", "role", "unit", "first_day", "last_day", "acting_for")]
        positions += [(officer, role, UNIT, day, "", "") for officer, role in OFFICERS.items()]
        for name, rows in (("officers.csv", officers), ("positions.csv", positions)):
            with open(f"{folder}/{name}", "w", newline="") as target:
                csv.writer(target, lineterminator="\n").writerows(rows)
        keys = {"keys": [json.loads(jwt.algorithms.OKPAlgorithm.to_jwk(self.key.public_key()))]}
        providers = [
            {"name": "sso", "issuer": SSO, "audience": "motcua", "people": "officers", "jwks": keys},
            {"name": "vneid", "issuer": VNEID, "audience": "motcua", "people": "applicants", "jwks": keys},
        ]
        providers_file = pathlib.Path(folder, "providers.json")
        providers_file.write_text(json.dumps(providers))
        return str(providers_file)

    def id_token(self, subject):
        """What the provider says of who signed in."""
        now = int(time.time())
        claims = {"aud": "motcua", "iat": now, "exp": now + 300, "sub": subject}
        if subject == CITIZEN:
            claims |= {"iss": VNEID, "name": "Lan", "cccd": NUMBER}
        else:
            claims |= {"iss": SSO}
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
        name="Lan", number_kind=intake.APPLICANT_NUMBER_KIND_CCCD, number=NUMBER
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


def main(binary):
    with tempfile.TemporaryDirectory() as folder:
        data, cast = f"{folder}/data", Cast()
        providers = cast.write(folder)
        subprocess.run([binary, "import", "--data-dir", data, PROVINCE, folder], check=True)
        options = ["--listen", "127.0.0.1:0", "--providers", providers]
        options += ["--simulated-clock", "2017-08-28T08:00:00+07:00"]
        with serving(binary, data, *options) as address, grpc.insecure_channel(address) as channel:
            code = Story(channel, cast).play()
    print(f"{code}: submitted, received, examined, signed and returned")


if __name__ == "__main__":
    main(sys.argv[1])
