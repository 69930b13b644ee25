// An OpenID Connect provider by others (panva's oidc-provider) on a free loopback port. Prints one line of JSON when it listens,
// {"issuer"}, and ends with its standard input. Its login form takes any name and any password; the name is the subject.
//
//   node provider.mjs --redirect URI [--client ID] [--secret SECRET] [--method METHOD] [--jwk JWK] [--alg ALG]
//
// Each line on standard input is a command: "rotate" makes new signing keys, as after a rotation.
import { generateKeyPairSync, randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'

// It says on standard error that it knows node 22 and later; on 20 it does what is needed here.
import Provider from 'oidc-provider'

const { values: options } = parseArgs({
  options: {
    redirect: { type: 'string' },
    client: { type: 'string', default: 'issuerd' },
    secret: { type: 'string' },
    method: { type: 'string', default: 'client_secret_basic' },
    jwk: { type: 'string' },
    alg: { type: 'string', default: 'RS256' },
  },
})

function key(alg) {
  const [kind, how] =
    alg === 'EdDSA' || alg === 'Ed25519' ? ['ed25519', {}]
    : alg.startsWith('ES') ? ['ec', { namedCurve: alg === 'ES256' ? 'P-256' : 'P-384' }]
    : ['rsa', { modulusLength: 2048 }]
  const { privateKey } = generateKeyPairSync(kind, how)
  return { ...privateKey.export({ format: 'jwk' }), kid: randomUUID(), use: 'sig', alg }
}

function provider(issuer) {
  const client = {
    client_id: options.client,
    redirect_uris: [options.redirect],
    token_endpoint_auth_method: options.method,
    id_token_signed_response_alg: options.alg,
    ...(options.secret && { client_secret: options.secret }),
    ...(options.jwk && { jwks: { keys: [JSON.parse(options.jwk)] } }),
  }
  const made = new Provider(issuer, {
    clients: [client],
    jwks: { keys: [key(options.alg)] },
    enabledJWA: { idTokenSigningAlgValues: ['RS256', 'PS256', 'ES256', 'ES384', 'EdDSA', 'Ed25519'] },
    claims: { openid: ['sub'], profile: ['given_name', 'family_name', 'birthdate'], email: ['email', 'email_verified'] },
    // Claims of the scope `profile` are in userinfo only, as the standard has it.
    conformIdTokenClaims: true,
    features: { devInteractions: { enabled: true } },
    findAccount: (_, id) => ({
      accountId: id,
      claims: () => ({
        sub: id,
        given_name: 'Mika',
        family_name: 'Sommer',
        birthdate: '1990-04-01',
        email: `${id}@example.org`,
        email_verified: true,
      }),
    }),
  })
  return made.callback()
}

const server = createServer((request, response) => handle(request, response))
let handle
server.listen(0, '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${server.address().port}`
  handle = provider(issuer)
  console.log(JSON.stringify({ issuer }))
  const lines = createInterface({ input: process.stdin })
  lines.on('line', (line) => {
    if (line === 'rotate') {
      handle = provider(issuer)
      console.log(JSON.stringify({ rotated: true }))
    }
  })
  lines.on('close', () => process.exit(0))
})
