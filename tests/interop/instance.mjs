// What the foreign wallets have in common: keys, signatures, who they are, and how they ask for credentials.
import { createHash, createPrivateKey, generateKeyPairSync, randomBytes, sign } from 'node:crypto'

import {
  clientAuthenticationClientAttestationJwt,
  createClientAttestationJwt,
  setGlobalConfig as setOauth2Config,
} from '@openid4vc/oauth2'
import { createKeyAttestationJwt, Openid4vciClient, setGlobalConfig as setOpenid4vciConfig } from '@openid4vc/openid4vci'

// The issuer under test listens on a loopback address, where http is fine.
for (const set of [setOauth2Config, setOpenid4vciConfig]) set({ allowInsecureUrls: true })

/** The name of this wallet, as its provider attests it. */
export const CLIENT_ID = 'https://wallet.example/app'

/** Options of the command line that say who vouches for the wallet: keys (PKCS#8) and certificates (X.509), in base64. */
export const vouchers = {
  'attestation-key': { type: 'string' },
  'attestation-certificate': { type: 'string' },
  'key-attestation-key': { type: 'string' },
  'key-attestation-certificate': { type: 'string' },
}

const HOUR = 3_600_000
const keys = new Map()

export function newKey() {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const { kty, crv, x, y } = publicKey.export({ format: 'jwk' })
  keys.set(x, privateKey)
  return { kty, crv, x, y }
}

/** One who signs with a certificate. */
function certified(key, certificate) {
  keys.set(certificate, createPrivateKey({ key: Buffer.from(key, 'base64'), format: 'der', type: 'pkcs8' }))
  return { method: 'x5c', alg: 'ES256', x5c: [certificate] }
}

export function signJwt(signer, { header, payload }) {
  const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const input = `${part(header)}.${part(payload)}`
  const key = keys.get(signer.method === 'x5c' ? signer.x5c[0] : signer.publicJwk.x)
  const signature = sign('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' })
  return { jwt: `${input}.${signature.toString('base64url')}`, signerJwk: signer.publicJwk }
}

/** What the library asks of a wallet. */
export function callbacksWith(clientAuthentication, fetched = fetch) {
  return {
    fetch: fetched,
    hash: (data, algorithm) => createHash(algorithm.replace('-', '')).update(data).digest(),
    generateRandom: randomBytes,
    signJwt,
    clientAuthentication,
  }
}

/**
 * How the wallet says who it is: by an attestation, when a wallet provider vouches for it, with a challenge of the server's where it
 * gives some; otherwise as `other` does.
 */
export async function clientAuthentication(options, other) {
  if (!options['attestation-key']) return other
  const clientAttestationJwt = await createClientAttestationJwt({
    issuer: 'https://provider.example',
    clientId: CLIENT_ID,
    confirmation: { jwk: newKey() },
    expiresAt: new Date(Date.now() + HOUR),
    signer: certified(options['attestation-key'], options['attestation-certificate']),
    callbacks: { signJwt },
  })
  return async (request) => {
    const endpoint = request.authorizationServerMetadata.challenge_endpoint
    const answer = endpoint && (await (await fetch(endpoint, { method: 'POST' })).json())
    // This version of the library knows no challenge yet.
    const withChallenge = (signer, { header, payload }) => {
      return signJwt(signer, { header, payload: { ...payload, challenge: answer?.attestation_challenge } })
    }
    const callbacks = { signJwt: withChallenge, generateRandom: randomBytes }
    await clientAuthenticationClientAttestationJwt({ clientAttestationJwt, callbacks })(request)
  }
}

/** Claims `configuration` with a new key for each copy, attested where somebody attests keys. */
export async function claim(client, options, { issuerMetadata, accessToken, configuration, dpop, clientId, copies = 1 }) {
  const { c_nonce: nonce } = await client.requestNonce({ issuerMetadata })
  const jwks = Array.from({ length: copies }, newKey)
  const keyAttestationJwt = await attested(options, jwks, nonce)
  const proofs = []
  for (const publicJwk of jwks) {
    const { jwt } = await client.createCredentialRequestJwtProof({
      issuerMetadata,
      credentialConfigurationId: configuration,
      signer: { method: 'jwk', alg: 'ES256', publicJwk },
      nonce,
      issuedAt: new Date(),
      clientId,
      keyAttestationJwt,
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
  return credentialResponse.credentials.map(({ credential }, place) => ({ configuration, docType, credential, jwk: jwks[place] }))
}

async function attested(options, attestedKeys, nonce) {
  if (!options['key-attestation-key']) return undefined
  return createKeyAttestationJwt({
    attestedKeys,
    nonce,
    expiresAt: new Date(Date.now() + HOUR),
    keyStorage: ['iso_18045_high'],
    userAuthentication: ['iso_18045_moderate'],
    use: 'proof_type.jwt',
    signer: certified(options['key-attestation-key'], options['key-attestation-certificate']),
    // This version of the library reads the final type, and writes that of a draft.
    callbacks: { signJwt: (signer, jwt) => signJwt(signer, { ...jwt, header: { ...jwt.header, typ: 'key-attestation+jwt' } }) },
  })
}

export { Openid4vciClient }
