// People who sign in elsewhere: at a certified OpenID provider, whose ID tokens the suite exchanges for its own.
//
//     story.js BINARY ROOT
//
// starts two providers, one for officers and one for citizens, and BINARY on an empty data folder; ROOT is the repository.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import * as grpc from "@grpc/grpc-js";
import * as openid from "openid-client";
import { startProvider } from "./provider.js";
import { signIn } from "./sign_in.js";
import { caller, eventually, startSuite } from "./suite.js";

const [binary, root] = process.argv.slice(2);
const UNIT = "daklak-0035";
const BIRTH_REGISTRATION = "1.001193";
const OFFICER = { subject: "y-moan", name: "Y Moan Êban", role: "receptionist", unit: UNIT };
const CITIZEN = { name: "H'Hoa Niê", citizen_id: "066185000321" };
/** What the suite is called at the providers; they serve another system too. */
const [SUITE, OTHER_SYSTEM] = ["motcua-daklak", "another-system"];

const clients = [SUITE, OTHER_SYSTEM];
const officers = { "account-1": { preferred_username: OFFICER.subject }, "account-2": { preferred_username: "a-stranger" } };
const sso = await startProvider({ people: officers, clients, algorithm: "RS256" });
const vneid = await startProvider({ people: { "account-3": CITIZEN }, clients, algorithm: "ES256" });
const providers = [
  { name: "sso", issuer: sso.issuer, audience: SUITE, people: "officers", claims: { subject: "preferred_username" } },
  { name: "vneid", issuer: vneid.issuer, audience: SUITE, people: "applicants",
    claims: { name: "name", numbers: { cccd: "citizen_id" } } },
];
const suite = await startSuite({ binary, root, officer: OFFICER, providers });
const call = caller({ root, address: suite.address });
const tokenEndpoint = await openid.discovery(new URL(suite.issuer), "portal", undefined, openid.None(), {
  execute: [openid.allowInsecureRequests],
});

/** Our token for an ID token (RFC 8693). */
async function exchange(idToken) {
  const answer = await openid.genericGrantRequest(
    tokenEndpoint,
    "urn:ietf:params:oauth:grant-type:token-exchange",
    { subject_token: idToken, subject_token_type: "urn:ietf:params:oauth:token-type:id_token" },
  );
  return answer.access_token;
}

async function isRefused(idToken, reason) {
  await assert.rejects(exchange(idToken), (error) => {
    assert.equal(error.error, "invalid_request");
    assert.match(error.error_description, reason);
    return true;
  });
}

async function aCitizenSubmitsAndAnOfficerReceives() {
  const citizen = await exchange(await signIn(vneid.issuer, SUITE, "account-3"));
  const submitted = await call("intake.v1.DossierService", "SubmitDossier", submission(), citizen);
  const idToken = await signIn(sso.issuer, SUITE, "account-1");
  const officer = await exchange(idToken);
  const receive = { request_id: randomUUID(), dossier_uid: submitted.dossier.uid };
  const received = await call("intake.v1.DossierService", "ReceiveDossier", receive, officer);
  assert.equal(received.dossier.state, "DOSSIER_STATE_RECEIVED");
  // By gRPC the same ID token is taken too.
  const { token } = await call("identity.v1.TokenService", "IssueToken", { id_token: idToken });
  const told = await call("identity.v1.TokenService", "GetCaller", {}, token);
  assert.equal(told.caller.subject, OFFICER.subject);
  assert.deepEqual(told.caller.grants.map((grant) => [grant.role, grant.unit_uids]), [["ROLE_RECEPTIONIST", [UNIT]]]);
  // A citizen is the same party at every sign-in, and may do no officer's work.
  const again = await exchange(await signIn(vneid.issuer, SUITE, "account-3"));
  const listed = await call("intake.v1.DossierService", "ListDossiers", {}, again);
  assert.deepEqual(listed.dossiers.map((dossier) => dossier.uid), [submitted.dossier.uid]);
  const denied = { code: grpc.status.PERMISSION_DENIED };
  await assert.rejects(call("intake.v1.DossierService", "ReceiveDossier", receive, again), denied);
  return submitted.dossier.code;
}

async function whatIsNotForTheSuiteIsRefused() {
  await isRefused(await signIn(sso.issuer, OTHER_SYSTEM, "account-1"), /`aud`/);
  await isRefused(await signIn(sso.issuer, SUITE, "account-2"), /a-stranger/);
  const ofLongAgo = await twoHoursAgo(() => signIn(sso.issuer, SUITE, "account-1"));
  await isRefused(ofLongAgo, /`exp`/);
}

/** Whatever runs meanwhile, the provider too, believes that it is earlier. */
async function twoHoursAgo(act) {
  const now = Date.now;
  Date.now = () => now() - 2 * 60 * 60 * 1000;
  try {
    return await act();
  } finally {
    Date.now = now;
  }
}

async function aProviderExchangesItsKeys() {
  const before = await signIn(sso.issuer, SUITE, "account-1");
  assert.ok(await exchange(before));
  sso.rotateKeys();
  const after = await signIn(sso.issuer, SUITE, "account-1");
  // The suite fetches keys for a name that it does not know, but not more often than every ten seconds.
  const token = await eventually(() => exchange(after), (error) => /signature/.test(error.error_description));
  assert.ok(await call("identity.v1.TokenService", "GetCaller", {}, token));
  await isRefused(before, /signature/);
}

async function aProviderGoesAway() {
  const citizen = await signIn(vneid.issuer, SUITE, "account-3");
  vneid.stop();
  assert.ok(await exchange(citizen), "the keys that are known serve");
}

function submission() {
  const components = ["form", "identity", "evidence"].map((key) => ({ component_key: key, originals: 1, copies: 1 }));
  const applicant = { name: CITIZEN.name, number_kind: "APPLICANT_NUMBER_KIND_CCCD", number: CITIZEN.citizen_id };
  return {
    request_id: randomUUID(),
    procedure_code: BIRTH_REGISTRATION,
    receiving_unit_uid: UNIT,
    applicant,
    components,
  };
}

try {
  const code = await aCitizenSubmitsAndAnOfficerReceives();
  await whatIsNotForTheSuiteIsRefused();
  await aProviderExchangesItsKeys();
  await aProviderGoesAway();
  console.log(`${code}: submitted and received by people who signed in at OpenID providers`);
} finally {
  [sso, vneid].forEach((provider) => provider.stop());
  await suite.stop();
}
