// An OpenID provider as a province or the nation runs one: oidc-provider, certified by the OpenID Foundation.

import { generateKeyPairSync } from "node:crypto";
import { createServer } from "node:http";
import Provider from "oidc-provider";

export const REDIRECT = "http://127.0.0.1/signed-in";
/** The claims that it has of everybody who grants the scope `person`. */
const PERSON = ["preferred_username", "name", "citizen_id"];

/** What it keeps, for ten minutes. */
const KEPT = ["Interaction", "Session", "Grant", "AccessToken", "IdToken"];

// It warns of what only a test may do: it shows forms of its own and keeps everything in memory.
console.warn = () => {};

/** It listens on a free port of 127.0.0.1. `people` are their claims by account, `clients` those who may ask for them. */
export async function startProvider({ people, clients, algorithm }) {
  let answer;
  const server = createServer((request, response) => answer(request, response));
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  const issuer = `http://127.0.0.1:${server.address().port}`;
  /** It goes on with new keys alone. */
  const rotateKeys = () => {
    answer = new Provider(issuer, configuration({ people, clients, algorithm })).callback();
  };
  rotateKeys();
  const stop = () => {
    server.close();
    server.closeAllConnections();
  };
  return { issuer, rotateKeys, stop };
}

function configuration({ people, clients, algorithm }) {
  return {
    clients: clients.map((client_id) => ({
      client_id,
      redirect_uris: [REDIRECT],
      token_endpoint_auth_method: "none",
      id_token_signed_response_alg: algorithm,
    })),
    findAccount: (_, account) => ({ accountId: account, claims: () => ({ sub: account, ...people[account] }) }),
    claims: { openid: ["sub"], person: PERSON },
    // The claims stand in the ID token, not only where its owner may ask for them.
    conformIdTokenClaims: false,
    jwks: { keys: newKeys(algorithm) },
    features: { encryption: { enabled: true } },
    ttl: Object.fromEntries(KEPT.map((what) => [what, 600])),
    cookies: { keys: ["for a test"] },
  };
}

/** One to sign with, and one of a kind that is not for signing, as many providers publish. */
function newKeys(algorithm) {
  const signing = {
    RS256: () => generateKeyPairSync("rsa", { modulusLength: 2048 }),
    ES256: () => generateKeyPairSync("ec", { namedCurve: "P-256" }),
  }[algorithm]();
  const sealing = generateKeyPairSync("x25519");
  const jwk = ({ privateKey }, use) => ({ ...privateKey.export({ format: "jwk" }), use });
  return [jwk(signing, "sig"), jwk(sealing, "enc")];
}
