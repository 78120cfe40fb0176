/** A provider on 127.0.0.1: `node provider.mjs PORT CLIENT SECRET`, people as JSON on standard input.
 *
 * Says `ready` when it takes requests, and ends when its standard input does. Its keys are new ones whenever
 * it starts. Whoever writes the login of one of its people is that person.
 *
 * What else it is told, a line of JSON each, it answers with `done` or what went wrong: {"logout": address,
 * "session": whether sessions are named} where to say that somebody is signed out; {"signOut": login} says so.
 */
import { generateKeyPairSync, randomUUID } from "node:crypto";
import { createServer } from "node:http";
import { createInterface } from "node:readline";
import Provider from "oidc-provider";

const [port, clientId, clientSecret] = process.argv.slice(2);
const issuer = `http://127.0.0.1:${port}`;
const lines = createInterface({ input: process.stdin });
const people = JSON.parse((await lines[Symbol.asyncIterator]().next()).value);

console.info = console.error; // its notices are no answers

const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const key = { ...privateKey.export({ format: "jwk" }), kid: randomUUID(), use: "sig", alg: "RS256" };

const provider = new Provider(issuer, {
  clients: [
    {
      client_id: clientId,
      client_secret: clientSecret,
      redirect_uris: ["http://127.0.0.1/auth/oidc/callback"],
      token_endpoint_auth_method: "client_secret_basic",
      backchannel_logout_uri: "http://127.0.0.1/auth/oidc/backchannel-logout",
      backchannel_logout_session_required: true,
    },
  ],
  jwks: { keys: [key] },
  cookies: { keys: [randomUUID()] },
  scopes: ["openid", "profile", "email", "groups"],
  claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name"], groups: ["groups"] },
  pkce: { required: () => true },
  features: { devInteractions: { enabled: false }, backchannelLogout: { enabled: true } },
  // Its own dispatcher would not speak to this machine.
  fetch: (address, { dispatcher: _, ...options }) => fetch(address, options),
  interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
  async findAccount(_, sub) {
    return people[sub] && { accountId: sub, claims: async () => ({ sub, ...people[sub] }) };
  },
  // Nobody is asked what webref may know.
  async loadExistingGrant({ oidc }) {
    const grant = new oidc.provider.Grant({
      clientId: oidc.client.clientId,
      accountId: oidc.session.accountId,
    });
    grant.addOIDCScope("openid profile email groups");
    await grant.save();
    return grant;
  },
});
// The port of a webref under test is not known before it runs.
provider.Client.prototype.redirectUriAllowed = (uri) =>
  /^http:\/\/127\.0\.0\.1:\d+\/auth\/oidc\/callback$/.test(uri);
const handle = provider.callback();

const page = `<!doctype html><title>Harbour</title><h1>Harbour</h1><form method="post">
<label>Login <input name="login" autofocus></label> <button>Continue</button>
<button name="cancel" value="1">Cancel</button></form>`;

async function interaction(request, response) {
  if (request.method !== "POST") {
    response.setHeader("Content-Type", "text/html").end(page);
    return;
  }
  let body = "";
  for await (const piece of request) body += piece;
  const form = new URLSearchParams(body);
  const login = form.get("login") ?? "";
  const result =
    form.has("cancel") || !people[login] ? { error: "access_denied" } : { login: { accountId: login } };
  await provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
}

createServer((request, response) => {
  if (request.url.startsWith("/interaction/")) interaction(request, response).catch(() => response.destroy());
  else handle(request, response);
}).listen(Number(port), "127.0.0.1", () => console.log("ready"));

async function obey({ logout, session, signOut }) {
  const client = await provider.Client.find(clientId);
  if (logout) Object.assign(client, { backchannelLogoutUri: logout, backchannelLogoutSessionRequired: session });
  if (signOut) await client.backchannelLogout(signOut);
}

for await (const line of lines)
  await obey(JSON.parse(line)).then(
    () => console.log("done"),
    (error) => console.log(error.message),
  );
process.exit(0);
