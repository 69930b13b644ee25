// A holder and a verifier built on the OpenWallet Foundation's SD-JWT VC library. Standard input:
// {"iaca": PEM, "credentials": [{"credential", "privateKey"? (PKCS#8, base64), "disclose": frame, "types"?: {vct: metadata}}]}.
// Each credential is verified as issued, shown with the disclosures that the frame names and a key binding when there is a key,
// and verified again as a verifier would. Prints one line of JSON: {"results": [{"all", "shown"} or {"error"}]}.
import { X509Certificate, createHash, createPrivateKey, createPublicKey, randomBytes, sign, verify } from 'node:crypto'

import { SDJwtVcInstance } from '@sd-jwt/sd-jwt-vc'

const { iaca, credentials } = JSON.parse(await new Response(process.stdin).text())
const anchor = new X509Certificate(iaca)

const hasher = (data, algorithm) => createHash(algorithm.replace('-', '')).update(data).digest()
const saltGenerator = (length) => randomBytes(length).toString('base64url')

function checked(key, data, signature) {
  return verify('sha256', Buffer.from(data), { key, dsaEncoding: 'ieee-p1363' }, Buffer.from(signature, 'base64url'))
}

// The key of the leaf, whose issuer must be the anchor: the anchor itself is not in the chain.
function issuerKey(credential) {
  const { x5c } = JSON.parse(Buffer.from(credential.split('.')[0], 'base64url'))
  const chain = x5c.map((one) => new X509Certificate(Buffer.from(one, 'base64')))
  const parents = [...chain.slice(1), anchor]
  chain.forEach((one, place) => {
    if (!one.verify(parents[place].publicKey) || !one.checkIssued(parents[place])) throw new Error('the chain is broken')
  })
  if (chain.some((one) => one.fingerprint256 === anchor.fingerprint256)) throw new Error('the anchor is in the chain')
  return chain[0].publicKey
}

async function check({ credential, privateKey, disclose, types }) {
  const key = issuerKey(credential)
  const library = new SDJwtVcInstance({
    hasher,
    hashAlg: 'sha-256',
    saltGenerator,
    verifier: (data, signature) => checked(key, data, signature),
    kbSignAlg: 'ES256',
    kbSigner: (data) => {
      const holder = createPrivateKey({ key: Buffer.from(privateKey, 'base64'), format: 'der', type: 'pkcs8' })
      return sign('sha256', Buffer.from(data), { key: holder, dsaEncoding: 'ieee-p1363' }).toString('base64url')
    },
    kbVerifier: (data, signature, payload) =>
      checked(createPublicKey({ key: payload.cnf.jwk, format: 'jwk' }), data, signature),
    loadTypeMetadataFormat: Boolean(types),
    vctFetcher: async (uri) => types?.[uri],
  })
  const all = (await library.verify(credential)).payload
  const iat = Math.floor(Date.now() / 1000)
  const nonce = 'nonce-of-the-verifier'
  const kb = privateKey && { payload: { iat, aud: 'https://verifier.example', nonce } }
  const presented = await library.present(credential, disclose, kb ? { kb } : undefined)
  const shown = (await library.verify(presented, kb ? { keyBindingNonce: nonce } : undefined)).payload
  return { all, shown }
}

const results = []
for (const one of credentials) {
  try {
    results.push(await check(one))
  } catch (error) {
    results.push({ error: String(error?.message ?? error) })
  }
}
console.log(JSON.stringify({ results }))
