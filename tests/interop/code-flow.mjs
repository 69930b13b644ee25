// A wallet built on the OpenWallet Foundation's libraries that sends its person to log in (the authorization code grant): a pushed request
// with PKCE, tokens that are bound to a key (DPoP), and, where somebody vouches for it, wallet attestation and attested keys.
//
//   node code-flow.mjs (--offer LINK | --issuer URL --scope SCOPE) [--copies N] [--refresh] [--redirect URI]
//     [--attestation-key KEY --attestation-certificate CERTIFICATE]           its wallet provider: PKCS#8 and X.509 in base64
//     [--key-attestation-key KEY --key-attestation-certificate CERTIFICATE]   who attests its keys
//
// Prints two lines of JSON. First {"authorize"}: the URL that a browser is to open. It waits for that browser on a loopback port, or, with
// --redirect, for the URL that the browser was sent to on its standard input. Then {"issuer", "returned", "tokenType", "credentials",
// "renewed", "asked"}: the parameters that came back, the credentials, those after a refresh, and each request with its answer; or {"error",
// "returned", "asked"} when the person was sent back without a code.
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'

import { clientAuthenticationNone, Oauth2Client } from '@openid4vc/oauth2'

import { callbacksWith, claim, CLIENT_ID, clientAuthentication, newKey, Openid4vciClient, vouchers } from './instance.mjs'

const { values: options } = parseArgs({
  options: {
    offer: { type: 'string' },
    issuer: { type: 'string' },
    scope: { type: 'string' },
    copies: { type: 'string', default: '1' },
    refresh: { type: 'boolean', default: false },
    redirect: { type: 'string' },
    ...vouchers,
  },
})

const asked = []

async function noted(url, request) {
  const response = await fetch(url, request)
  const body = await response.clone().json().catch(() => ({}))
  const headers = Object.fromEntries([...new Headers(request?.headers ?? {}).keys()].map((name) => [name, true]))
  const sent = ['dpop', 'oauth-client-attestation', 'oauth-client-attestation-pop'].filter((name) => headers[name])
  const challenge = /error="(\w+)"/.exec(response.headers.get('www-authenticate') ?? '')
  asked.push({ path: new URL(url).pathname, status: response.status, error: body.error ?? challenge?.[1], sent })
  return response
}

/** Where the browser comes back to: the URI, and the URL once it has come. */
async function callback() {
  if (options.redirect) {
    const lines = createInterface({ input: process.stdin })
    return { uri: options.redirect, back: once(lines, 'line').then(([line]) => (lines.close(), line)) }
  }
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const origin = `http://127.0.0.1:${server.address().port}`
  const back = new Promise((resolve) => {
    server.on('request', ({ url }, response) => {
      if (!url.startsWith('/callback')) return response.writeHead(404).end()
      response.setHeader('content-type', 'text/html').setHeader('connection', 'close')
      response.end('<!doctype html><html lang="en"><title>Wallet</title><h1>Back in the wallet</h1></html>', () => {
        resolve(origin + url)
        server.close()
      })
    })
  })
  return { uri: `${origin}/callback`, back }
}

const callbacks = callbacksWith(await clientAuthentication(options, clientAuthenticationNone({ clientId: CLIENT_ID })), noted)
const [client, oauth2] = [new Openid4vciClient({ callbacks }), new Oauth2Client({ callbacks })]
const offer = options.offer && (await client.resolveCredentialOffer(options.offer))
const issuerMetadata = await client.resolveIssuerMetadata(offer?.credential_issuer ?? options.issuer)
const { credential_issuer: issuer, credential_configurations_supported: supported } = issuerMetadata.credentialIssuer
const wanted = offer?.credential_configuration_ids ?? Object.keys(supported).filter((id) => supported[id].scope === options.scope)
const [authorizationServerMetadata] = issuerMetadata.authorizationServers
const { uri: redirectUri, back } = await callback()
const state = randomBytes(16).toString('base64url')

const request = await oauth2.createAuthorizationRequestUrl({
  authorizationServerMetadata,
  clientId: CLIENT_ID,
  redirectUri,
  resource: issuer,
  scope: [...new Set(wanted.map((id) => supported[id].scope))].join(' '),
  state,
  additionalRequestPayload: { issuer_state: offer?.grants?.authorization_code?.issuer_state },
  dpop: { signer: { method: 'jwk', alg: 'ES256', publicJwk: newKey() } },
})
console.log(JSON.stringify({ authorize: request.authorizationRequestUrl }))

const url = await back
// The library compares iss with the metadata (RFC 9207).
const returned = client.parseAndVerifyAuthorizationResponseRedirectUrl({ url, authorizationServerMetadata })
if (returned.state !== state) throw new Error('the state is not the one that was sent')
if (returned.error) {
  console.log(JSON.stringify({ error: returned.error, returned, asked }))
  process.exit(0)
}

async function claimAll({ accessTokenResponse, dpop }) {
  const credentials = []
  for (const configuration of wanted) {
    const { access_token: accessToken } = accessTokenResponse
    const one = { issuerMetadata, accessToken, configuration, dpop, clientId: CLIENT_ID, copies: Number(options.copies) }
    credentials.push(...(await claim(client, options, one)))
  }
  return credentials
}

const granted = await oauth2.retrieveAuthorizationCodeAccessToken({
  authorizationServerMetadata,
  authorizationCode: returned.code,
  pkceCodeVerifier: request.pkce.codeVerifier,
  redirectUri,
  resource: issuer,
  dpop: request.dpop,
})
const credentials = await claimAll(granted)
const { token_type: tokenType, refresh_token: refreshToken } = granted.accessTokenResponse
const renewed = []
if (options.refresh) {
  const { dpop } = granted
  renewed.push(...(await claimAll(await oauth2.retrieveRefreshTokenAccessToken({ authorizationServerMetadata, refreshToken, dpop }))))
}
const { code, ...said } = returned
console.log(JSON.stringify({ issuer, returned: { ...said, code: code.length }, tokenType, credentials, renewed, asked }))
