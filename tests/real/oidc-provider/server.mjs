// An OpenID provider written by others (npm oidc-provider, OpenID-certified), with our clients registered.
// What it can be told is in the README beside this file.
import fs from 'node:fs';
import http from 'node:http';
import Provider from 'oidc-provider';
// By its path, for the package does not export it.
import { createMemoryAdapter } from './node_modules/oidc-provider/lib/adapters/memory_adapter.js';

const PORT = Number(process.env.PORT ?? 9080);
const ISSUER = process.env.ISSUER ?? `http://localhost:${PORT}`;
const ROTATE = process.env.ROTATE ?? 'true';
const ACCESS_TOKEN_SECONDS = Number(process.env.AT_TTL ?? 3600);
const BRIEF_SECONDS = 3;
// One client for each store that several replicas share, so that their grants are counted apart.
const REPLICAS_SECONDS = 120;
const STORES = ['sqlite', 'postgres', 'mysql', 'redis', 'redis-cluster'];
const DAY = 86400;

// Where the applications under test listen.
const bases = new Set((process.env.RP ?? 'http://127.0.0.1:7777').split(','));

const client_secret = 'secret-of-every-client-sixty-four-bytes-so-that-HS512-works-too!'; // as long as HS512 wants it (RFC 7518 section 3.2)
const SIGNING_ALGORITHMS = [
  'RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519', 'HS256', 'HS384', 'HS512',
];

const users = { alice: 'wonderland', bob: 'builder' };

function clients() {
  const base = {
    redirect_uris: [...bases].map((rp) => `${rp}/auth/callback`),
    post_logout_redirect_uris: [...bases].map((rp) => `${rp}/`),
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
  };
  return [
    { ...base, client_id: 'rp-basic', client_secret },
    { ...base, client_id: 'rp-odd~id %', client_secret: 'p+ss:w/rd %&=~"', client_name: 'Basic credentials that need encoding' },
    { ...base, client_id: 'rp-post', client_secret, token_endpoint_auth_method: 'client_secret_post' },
    { ...base, client_id: 'rp-public', token_endpoint_auth_method: 'none' },
    { ...base, client_id: 'rp-brief', client_secret, client_name: `Access tokens of ${BRIEF_SECONDS} seconds` },
    ...STORES.map((store) => ({ ...base, client_id: `rp-replicas-${store}`, client_secret })),
    ...SIGNING_ALGORITHMS.map((algorithm) => ({
      ...base,
      client_id: `rp-${algorithm.toLowerCase()}`,
      client_secret,
      id_token_signed_response_alg: algorithm,
      userinfo_signed_response_alg: algorithm,
    })),
  ];
}

function account(_context, sub) {
  if (users[sub] === undefined) return undefined;
  const name = sub[0].toUpperCase() + sub.slice(1);
  const claims = { sub, name, preferred_username: sub, email: `${sub}@example.test`, email_verified: true, locale: 'en' };
  return { accountId: sub, claims: async () => claims };
}

function configuration(jwks) {
  return {
    adapter: memory,
    clients: clients(),
    jwks,
    findAccount: account,
    claims: {
      acr: null, amr: null, auth_time: null, iss: null, sid: null,
      openid: ['sub'],
      profile: ['name', 'preferred_username', 'locale'],
      email: ['email', 'email_verified'],
    },
    cookies: { keys: ['only for tests'] },
    clientAuthMethods: ['client_secret_basic', 'client_secret_post', 'none'],
    scopes: ['openid', 'offline_access', 'profile', 'email'],
    rotateRefreshToken: ROTATE !== 'false',
    interactions: { url: (_context, interaction) => `/interaction/${interaction.uid}` },
    enabledJWA: { idTokenSigningAlgValues: SIGNING_ALGORITHMS, userinfoSigningAlgValues: SIGNING_ALGORITHMS },
    features: {
      devInteractions: { enabled: false },
      introspection: { enabled: true },
      jwtUserinfo: { enabled: true },
      revocation: { enabled: true },
      rpInitiatedLogout: { enabled: true },
    },
    ttl: {
      AccessToken: (_context, { clientId }) => {
        if (clientId === 'rp-brief') return BRIEF_SECONDS;
        return clientId.startsWith('rp-replicas-') ? REPLICAS_SECONDS : ACCESS_TOKEN_SECONDS;
      },
      AuthorizationCode: 60, Grant: DAY, IdToken: 3600, Interaction: 600, RefreshToken: DAY, Session: DAY,
    },
  };
}

// What the clients asked of the token endpoint: { "rp-basic": { "refresh_token": 1, "refresh_token invalid_grant": 1 } }
const grants = {};
function count(context, outcome = '') {
  const row = (grants[context.oidc.client?.clientId ?? 'unknown'] ??= {});
  const name = `${context.oidc.params?.grant_type} ${outcome}`.trim();
  row[name] = (row[name] ?? 0) + 1;
}

// A provider made anew shares the memory, so tokens, grants and sign-ins go on.
const memory = createMemoryAdapter();
let generation = 0;
let provider;
let callback;
function restart() {
  const keySet = (name) => JSON.parse(fs.readFileSync(new URL(`./keys/${name}.json`, import.meta.url))).keys;
  const [current, previous] = generation % 2 === 0 ? ['op', 'op2'] : ['op2', 'op'];
  const keys = generation === 0 ? keySet(current) : [...keySet(current), ...keySet(previous)]; // it signs with the first
  provider = new Provider(ISSUER, configuration({ keys }));
  provider.on('server_error', (_context, error) => console.error('[server_error]', error));
  provider.on('authorization.error', (_context, error) => console.error('[authorization.error]', error.message, error.error_description));
  provider.on('grant.success', (context) => count(context));
  provider.on('grant.error', (context, error) => {
    count(context, error.message);
    console.error('[grant.error]', error.message, error.error_detail ?? error.error_description ?? '');
  });
  callback = provider.callback();
}
restart();

async function form(request) {
  let body = '';
  for await (const chunk of request) body += chunk;
  return new URLSearchParams(body);
}

function page(response, content, status = 200) {
  response.writeHead(status, { 'content-type': 'text/html; charset=utf-8' });
  response.end(`<!doctype html><html lang="en"><title>OpenID provider</title>${content}</html>`);
}

async function control(request, response, url) {
  switch (`${request.method} ${url.pathname}`) {
    case 'POST /_ctl/rotate-keys':
      generation += 1;
      restart();
      return response.end(`generation ${generation}\n`);
    case 'POST /_ctl/relying-party':
      bases.add(url.searchParams.get('base'));
      restart();
      return response.end([...bases].join('\n'));
    case 'GET /_ctl/grants':
      response.setHeader('content-type', 'application/json');
      return response.end(JSON.stringify(grants));
    default:
      response.writeHead(404);
      return response.end();
  }
}

async function interaction(request, response, action) {
  const { uid, prompt, params, session, grantId } = await provider.interactionDetails(request, response);
  const finish = (result, mergeWithLastSubmission) =>
    provider.interactionFinished(request, response, result, { mergeWithLastSubmission });
  if (action === 'abort') return finish({ error: 'access_denied', error_description: 'the user said no' }, false);
  const cancel = `<a href="/interaction/${uid}/abort">Cancel</a>`;
  if (request.method === 'GET') {
    const hint = (params.login_hint ?? '').replace(/[^\w@.-]/g, '');
    return page(response, prompt.name === 'login'
      ? `<h1>Sign in</h1><form method="post" action="/interaction/${uid}/login"><input name="login" value="${hint}"><input name="password" type="password"><button>Sign in</button></form>${cancel}`
      : `<h1>Consent</h1><form method="post" action="/interaction/${uid}/confirm"><button>Allow</button></form>${cancel}`);
  }
  if (action === 'login') {
    const body = await form(request);
    const login = body.get('login');
    if (users[login] === undefined || users[login] !== body.get('password')) {
      return page(response, `<p>Wrong name or password.</p><a href="/interaction/${uid}">Again</a>`, 401);
    }
    return finish({ login: { accountId: login, amr: ['pwd'] } }, false);
  }
  const grant = grantId
    ? await provider.Grant.find(grantId)
    : new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
  if (prompt.details.missingOIDCScope) grant.addOIDCScope(prompt.details.missingOIDCScope.join(' '));
  if (prompt.details.missingOIDCClaims) grant.addOIDCClaims(prompt.details.missingOIDCClaims);
  return finish({ consent: { grantId: await grant.save() } }, true);
}

async function handle(request, response) {
  const url = new URL(request.url, ISSUER);
  if (url.pathname.startsWith('/_ctl/')) return control(request, response, url);
  const [, action] = /^\/interaction\/[\w-]+(?:\/(login|confirm|abort))?$/.exec(url.pathname) ?? [null, null];
  if (action === null) return callback(request, response);
  return interaction(request, response, action);
}

const server = http.createServer((request, response) => {
  handle(request, response).catch((error) => {
    console.error('[handler]', error);
    if (!response.headersSent) response.writeHead(500);
    response.end();
  });
});
server.listen(PORT, '127.0.0.1', () => console.log(`READY ${ISSUER}`));
