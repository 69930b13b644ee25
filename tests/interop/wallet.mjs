// A wallet built on the OpenWallet Foundation's OpenID4VCI library. It claims what an offer link promises and prints one
// line of JSON: {"issuer", "credentials": [{"configuration", "docType", "credential", "jwk"}]}.
//
//   node wallet.mjs --offer LINK [--tx-code CODE] [--copies N] [--dpop]
//     [--attestation-key KEY --attestation-certificate CERTIFICATE]   its wallet provider: PKCS#8 and X.509 in base64
import { createHash, createPrivateKey, generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import { parseArgs } from 'node:util'

import {
  clientAuthenticationAnonymous,
  clientAuthenticationClientAttestationJwt,
  createClientAttestationJwt,
  setGlobalConfig as setOauth2Config,
} from '@openid4vc/oauth2'
import { Openid4vciClient, setGlobalConfig as setOpenid4vciConfig } from '@openid4vc/openid4vci'

// The issuer under test listens on a loopback address, where http is fine.
for (const set of [setOauth2Config, setOpenid4vciConfig]) set({ allowInsecureUrls: true })

const { values: options } = parseArgs({
  options: {
    offer: { type: 'string' },
    'tx-code': { type: 'string' },
    copies: { type: 'string', default: '1' },
    'attestation-key': { type: 'string' },
    'attestation-certificate': { type: 'string' },
    // Bind the access token to a key; what the server demanded of it is printed as "tokenType".
    dpop: { type: 'boolean', default: false },
  },
})

const keys = new Map()

function newKey() {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const { kty, crv, x, y } = publicKey.export({ format: 'jwk' })
  keys.set(x, privateKey)
  return { kty, crv, x, y }
}

function signJwt(signer, { header, payload }) {
  const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const input = `${part(header)}.${part(payload)}`
  const key = signer.method === 'x5c' ? providerKey() : keys.get(signer.publicJwk.x)
  const signature = sign('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' })
  return { jwt: `${input}.${signature.toString('base64url')}`, signerJwk: signer.publicJwk }
}

function providerKey() {
  return createPrivateKey({ key: Buffer.from(options['attestation-key'], 'base64'), format: 'der', type: 'pkcs8' })
}

async function clientAuthentication() {
  if (!options['attestation-key']) return clientAuthenticationAnonymous()
  const clientAttestationJwt = await createClientAttestationJwt({
    issuer: 'https://provider.example',
    clientId: 'https://wallet.example/app',
    confirmation: { jwk: newKey() },
    expiresAt: new Date(Date.now() + 3_600_000),
    signer: { method: 'x5c', alg: 'ES256', x5c: [options['attestation-certificate']] },
    callbacks: { signJwt },
  })
  return clientAuthenticationClientAttestationJwt({ clientAttestationJwt, callbacks: { signJwt, generateRandom: randomBytes } })
}

const client = new Openid4vciClient({
  callbacks: {
    fetch,
    hash: (data, algorithm) => createHash(algorithm.replace('-', '')).update(data).digest(),
    generateRandom: randomBytes,
    signJwt,
    clientAuthentication: await clientAuthentication(),
  },
})

async function claim(issuerMetadata, accessToken, configuration, dpop) {
  const { c_nonce: nonce } = await client.requestNonce({ issuerMetadata })
  const jwks = Array.from({ length: Number(options.copies) }, newKey)
  const proofs = []
  for (const publicJwk of jwks) {
    const { jwt } = await client.createCredentialRequestJwtProof({
      issuerMetadata,
      credentialConfigurationId: configuration,
      signer: { method: 'jwk', alg: 'ES256', publicJwk },
      nonce,
      issuedAt: new Date(),
    })
    proofs.push(jwt)
  }
  const { credentialResponse } = await client.retrieveCredentials({
    issuerMetadata,
    accessToken,
    credentialConfigurationId: configuration,
    proofs: { jwt: proofs },
    dpop,
  })
  const docType = issuerMetadata.credentialIssuer.credential_configurations_supported[configuration].doctype
  return credentialResponse.credentials.map(({ credential }, place) => ({
    configuration,
    docType,
    credential,
    jwk: jwks[place],
  }))
}

const credentialOffer = await client.resolveCredentialOffer(options.offer)
const issuerMetadata = await client.resolveIssuerMetadata(credentialOffer.credential_issuer)
const signer = { method: 'jwk', alg: 'ES256', publicJwk: newKey() }
const { accessTokenResponse, dpop } = await client.retrievePreAuthorizedCodeAccessTokenFromOffer({
  credentialOffer,
  issuerMetadata,
  txCode: options['tx-code'],
  dpop: options.dpop ? { signer } : undefined,
})
const credentials = []
for (const configuration of credentialOffer.credential_configuration_ids) {
  credentials.push(...(await claim(issuerMetadata, accessTokenResponse.access_token, configuration, dpop)))
}
const tokenType = accessTokenResponse.token_type
console.log(JSON.stringify({ issuer: credentialOffer.credential_issuer, tokenType, credentials }))
