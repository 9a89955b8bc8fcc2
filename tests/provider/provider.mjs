// A real OpenID provider on loopback, whose keys the tests rotate: `node provider.mjs PORT`.
//
// PUT /keys sets the keys, `[{"kid": "a", "alg": "ES256"}, ...]`: all are published, the first
// of an algorithm signs, and one with a new kid is made. A provider's keys are fixed when it is
// made, so this makes another one behind the same address, as a restart of a deployment does.
//
// A client asks for `resource=https://AUDIENCE/ALGORITHM?ttl=SECONDS` to get an access token
// (RFC 9068) for that audience. GET /id_token gives an ID token, whose audience is the client.

import { generateKeyPair } from 'node:crypto';
import { createServer } from 'node:http';
import { json } from 'node:stream/consumers';
import { promisify } from 'node:util';

import { Provider } from 'oidc-provider';

const CLIENT = { client_id: 'api.example', client_secret: 'a-secret-of-the-tests' };
const KINDS = {
  ES256: ['ec', { namedCurve: 'P-256' }],
  RS256: ['rsa', { modulusLength: 2048 }],
};

const port = Number(process.argv[2]);
const issuer = `http://127.0.0.1:${port}`;
const made = new Map();
let provider;

async function privateKey({ kid, alg }) {
  if (!made.has(kid)) {
    const { privateKey: key } = await promisify(generateKeyPair)(...KINDS[alg]);
    made.set(kid, { ...key.export({ format: 'jwk' }), kid, alg, use: 'sig' });
  }
  return made.get(kid);
}

async function rotate(keys) {
  provider = new Provider(issuer, {
    jwks: { keys: await Promise.all(keys.map(privateKey)) },
    clients: [
      { ...CLIENT, grant_types: ['client_credentials'], redirect_uris: [], response_types: [] },
    ],
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      resourceIndicators: { enabled: true, getResourceServerInfo: resourceServer },
    },
    ttl: {
      ClientCredentials: (_, token) => token.resourceServer.accessTokenTTL,
      IdToken: 3600,
    },
  });
}

function resourceServer(_, indicator) {
  const { hostname, pathname, searchParams } = new URL(indicator);
  return {
    audience: hostname,
    scope: '',
    accessTokenFormat: 'jwt',
    accessTokenTTL: Number(searchParams.get('ttl')),
    jwt: { sign: { alg: pathname.slice(1) } },
  };
}

async function idToken() {
  const client = await provider.Client.find(CLIENT.client_id);
  const token = new provider.IdToken({ sub: 'alice' }, { client });
  token.scope = 'openid';
  return token.issue({ use: 'idtoken' });
}

const server = createServer(async (request, response) => {
  switch (`${request.method} ${request.url}`) {
    case 'PUT /keys':
      await rotate(await json(request));
      response.writeHead(204).end();
      break;
    case 'GET /id_token':
      response.end(await idToken());
      break;
    default:
      provider.callback()(request, response);
  }
});

await rotate([
  { kid: 'es-1', alg: 'ES256' },
  { kid: 'rs-1', alg: 'RS256' },
]);
server.listen(port, '127.0.0.1');
