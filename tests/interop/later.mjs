// A wallet on the OpenWallet Foundation's OpenID4VCI library that comes back for what it cannot have at once, and says what became of it. Prints one
// line of JSON.
//
//   node later.mjs --offer LINK             {"transaction", "interval", "token", "jwk"}
//   node later.mjs --issuer URL --transaction ID --token TOKEN    {"credentials"}, or {"interval"} while it has to wait
import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import { parseArgs } from 'node:util'

import { clientAuthenticationAnonymous, setGlobalConfig as setOauth2Config } from '@openid4vc/oauth2'
import { Openid4vciClient, setGlobalConfig as setOpenid4vciConfig } from '@openid4vc/openid4vci'

for (const set of [setOauth2Config, setOpenid4vciConfig]) set({ allowInsecureUrls: true })

const { values: options } = parseArgs({
  options: {
    offer: { type: 'string' },
    issuer: { type: 'string' },
    transaction: { type: 'string' },
    token: { type: 'string' },
  },
})

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const { kty, crv, x, y } = publicKey.export({ format: 'jwk' })
const jwk = { kty, crv, x, y }

const client = new Openid4vciClient({
  callbacks: {
    fetch,
    hash: (data, algorithm) => createHash(algorithm.replace('-', '')).update(data).digest(),
    generateRandom: randomBytes,
    signJwt: (signer, { header, payload }) => {
      const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url')
      const input = `${part(header)}.${part(payload)}`
      const signature = sign('sha256', Buffer.from(input), { key: privateKey, dsaEncoding: 'ieee-p1363' })
      return { jwt: `${input}.${signature.toString('base64url')}`, signerJwk: signer.publicJwk }
    },
    clientAuthentication: clientAuthenticationAnonymous(),
  },
})

async function ask() {
  const credentialOffer = await client.resolveCredentialOffer(options.offer)
  const issuerMetadata = await client.resolveIssuerMetadata(credentialOffer.credential_issuer)
  const granted = await client.retrievePreAuthorizedCodeAccessTokenFromOffer({ credentialOffer, issuerMetadata })
  const accessToken = granted.accessTokenResponse.access_token
  const [credentialConfigurationId] = credentialOffer.credential_configuration_ids
  const { c_nonce: nonce } = await client.requestNonce({ issuerMetadata })
  const signer = { method: 'jwk', alg: 'ES256', publicJwk: jwk }
  const asked = { issuerMetadata, credentialConfigurationId, signer, nonce, issuedAt: new Date() }
  const { jwt } = await client.createCredentialRequestJwtProof(asked)
  const proofs = { jwt: [jwt] }
  const { credentialResponse } = await client.retrieveCredentials({
    issuerMetadata,
    accessToken,
    credentialConfigurationId,
    proofs,
  })
  const { transaction_id: transaction, interval } = credentialResponse
  return { transaction, interval, token: accessToken, jwk }
}

async function comeBack() {
  const issuerMetadata = await client.resolveIssuerMetadata(options.issuer)
  const known = { issuerMetadata, accessToken: options.token }
  const { deferredCredentialResponse: answer } = await client.retrieveDeferredCredentials({
    ...known,
    transactionId: options.transaction,
  })
  if (!answer.credentials) return { interval: answer.interval }
  const notification = { notificationId: answer.notification_id, event: 'credential_accepted' }
  await client.sendNotification({ ...known, notification })
  return { credentials: answer.credentials.map(({ credential }) => credential) }
}

console.log(JSON.stringify(options.offer ? await ask() : await comeBack()))
