// Makes an offer, hands its link to the wallet, and what the wallet got to the verifier.
//
//   node claim.mjs FOLDER   the folder has wallet.mjs and verify.mjs
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'

const folder = process.argv[2]
const { MANAGEMENT: management, ACCESS_TOKEN: token, CONFIGURATION: configuration } = process.env

async function call(method, path, body) {
  const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' }
  const response = await fetch(management + path, { method, headers, body: body && JSON.stringify(body) })
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`)
  return response.json()
}

function script(name, args, input) {
  return JSON.parse(execFileSync('node', [join(folder, name), ...args], { input, encoding: 'utf8' }))
}

const offer = await call('POST', '/v1/openid/offers/pre-authorized', {
  credentials: [configuration],
  claims: { given_name: 'Robin' },
  transactionCodeConfiguration: { inputMode: 'numeric' },
})
console.log(`offer ${offer.id}\n  ${offer.credentialOfferUri}`)

const { credentials } = script('wallet.mjs', ['--offer', offer.credentialOfferUri, '--tx-code', offer.transactionCode])
console.log(`the wallet holds ${credentials.length} credential of type ${credentials[0].docType}`)

const { data } = await call('GET', '/v2/credentials/mobile/iacas')
const iaca = data.find((each) => each.active).certificatePem
const [checked] = script('verify.mjs', [], JSON.stringify({ iaca, credentials })).results
console.log(`the verifier passed ${checked.passed.length} checks and found: ${checked.elements.join(', ')}`)
if (checked.failed.length > 0 || !checked.sameKey) throw new Error(`it refused: ${checked.failed.join('; ')}`)

const { state } = await call('GET', `/v1/openid/offers/${offer.id}`)
console.log(`the offer is ${state}`)
if (state !== 'issued') throw new Error('the offer should be issued')
