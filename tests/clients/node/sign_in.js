// Signing in at an OpenID provider: the authorization-code flow with PKCE, as a portal and the browser of a person play it.

import * as openid from "openid-client";
import { REDIRECT } from "./provider.js";

/** The ID token that the provider gives the portal `clientId` for whoever signs in as `account`. */
export async function signIn(issuer, clientId, account) {
  const insecure = { execute: [openid.allowInsecureRequests] };
  const portal = await openid.discovery(new URL(issuer), clientId, undefined, openid.None(), insecure);
  const verifier = openid.randomPKCECodeVerifier();
  const nonce = openid.randomNonce();
  const asked = openid.buildAuthorizationUrl(portal, {
    redirect_uri: REDIRECT,
    scope: "openid person",
    code_challenge: await openid.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
    nonce,
  });
  const answered = await browse(asked, account);
  const checks = { pkceCodeVerifier: verifier, expectedNonce: nonce };
  const tokens = await openid.authorizationCodeGrant(portal, answered, checks);
  return tokens.id_token;
}

/** Follows the provider from page to page, fills in its forms, and ends where it sends the browser back to the portal. */
async function browse(start, account) {
  const cookies = new Map();
  let [url, form] = [start, undefined];
  while (!url.href.startsWith(REDIRECT)) {
    const cookie = [...cookies].map((pair) => pair.join("=")).join("; ");
    const method = form ? "POST" : "GET";
    const page = await fetch(url, { method, body: form, headers: { cookie }, redirect: "manual" });
    for (const set of page.headers.getSetCookie()) {
      const [, name, value] = set.match(/^([^=]+)=([^;]*)/);
      cookies.set(name, value);
    }
    const text = await page.text();
    const next = page.headers.get("location") ?? text.match(/<form[^>]* action="([^"]+)"/)?.[1];
    if (!next) throw new Error(`${url} leads nowhere: ${page.status} ${text}`);
    const prompt = text.match(/name="prompt" value="([^"]+)"/)?.[1];
    form = prompt && new URLSearchParams({ prompt, login: account, password: "any" });
    url = new URL(next, url);
  }
  return url;
}
