// Claims what an offer link promises with everything encrypted, and reads the signed metadata, by the library jose. Prints one line of JSON:
// {"metadata": {"header", "payload"}, "response": {"status", "header", "content"}, "jwk"}.
//
//   node jose.mjs --offer LINK [--enc A128GCM|A256GCM] [--kid KID] [--apu TEXT]
import { parseArgs } from 'node:util'

import {
  CompactEncrypt,
  SignJWT,
  compactDecrypt,
  compactVerify,
  exportJWK,
  generateKeyPair,
  importJWK,
  importX509,
} from 'jose'

const { values: options } = parseArgs({
  options: {
    offer: { type: 'string' },
    enc: { type: 'string', default: 'A256GCM' },
    kid: { type: 'string' },
    apu: { type: 'string' },
  },
})

const offer = JSON.parse(new URL(options.offer).searchParams.get('credential_offer'))
const issuer = offer.credential_issuer
const bytes = (text) => new TextEncoder().encode(text)
const text = (value) => new TextDecoder().decode(value)

async function signedMetadata() {
  const url = `${issuer}/.well-known/openid-credential-issuer`
  const jws = await (await fetch(url, { headers: { accept: 'application/jwt' } })).text()
  const { payload, protectedHeader } = await compactVerify(jws, ({ alg, x5c }) => {
    const pem = `-----BEGIN CERTIFICATE-----\n${x5c[0]}\n-----END CERTIFICATE-----`
    return importX509(pem, alg)
  })
  return { header: protectedHeader, payload: JSON.parse(text(payload)) }
}

async function post(url, body, headers = {}) {
  const response = await fetch(url, { method: 'POST', body, headers })
  const answer = await response.text()
  if (!response.ok) throw new Error(`${url}: ${response.status} ${answer}`)
  return { response, answer }
}

async function encrypted(metadata, content) {
  const jwk = metadata.credential_request_encryption.jwks.keys[0]
  const message = new CompactEncrypt(bytes(JSON.stringify(content)))
  message.setProtectedHeader({ alg: jwk.alg, enc: options.enc, kid: jwk.kid })
  if (options.apu) message.setKeyManagementParameters({ apu: bytes(options.apu), apv: bytes(issuer) })
  return message.encrypt(await importJWK(jwk, jwk.alg))
}

const metadata = await signedMetadata()
const known = metadata.payload
const grant = 'urn:ietf:params:oauth:grant-type:pre-authorized_code'
const code = offer.grants[grant]['pre-authorized_code']
const form = new URLSearchParams({ grant_type: grant, 'pre-authorized_code': code })
const token = JSON.parse((await post(`${issuer}/v1/oauth/token`, form)).answer).access_token
const nonce = JSON.parse((await post(known.nonce_endpoint)).answer).c_nonce

const holder = await generateKeyPair('ES256')
const jwk = await exportJWK(holder.publicKey)
const proof = await new SignJWT({ nonce })
  .setProtectedHeader({ alg: 'ES256', typ: 'openid4vci-proof+jwt', jwk })
  .setAudience(issuer)
  .setIssuedAt()
  .sign(holder.privateKey)

const recipient = await generateKeyPair('ECDH-ES', { crv: 'P-256' })
const response = { ...(await exportJWK(recipient.publicKey)), alg: 'ECDH-ES', use: 'enc', kid: options.kid }
const request = await encrypted(known, {
  credential_configuration_id: offer.credential_configuration_ids[0],
  proofs: { jwt: [proof] },
  credential_response_encryption: { jwk: response, enc: options.enc },
})
const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/jwt' }
const answered = await post(known.credential_endpoint, request, headers)
if (answered.response.headers.get('content-type') !== 'application/jwt') throw new Error(answered.answer)
const { plaintext, protectedHeader } = await compactDecrypt(answered.answer, recipient.privateKey)
const content = JSON.parse(text(plaintext))
console.log(JSON.stringify({
  metadata,
  response: { status: answered.response.status, header: protectedHeader, content },
  jwk,
}))
