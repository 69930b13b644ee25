// A reader built on Auth0's mdoc verifier. Standard input: {"iaca": PEM, "credentials": [{"docType", "credential", "jwk"}]}.
// Prints one line of JSON: {"results": [{"passed": [check…], "failed": [reason…], "sameKey": bool, "elements": [name…]}]}.
import { Verifier } from '@auth0/mdl'

const { iaca, credentials } = JSON.parse(await new Response(process.stdin).text())

function text(value) {
  const bytes = Buffer.from(value)
  return Buffer.concat([bytes.length < 24 ? Buffer.from([0x60 + bytes.length]) : Buffer.from([0x78, bytes.length]), bytes])
}

// The verifier reads device responses: {version, documents: [{docType, issuerSigned}], status}. The issuer's bytes go in as
// they came.
function deviceResponse(docType, issuerSigned) {
  const document = [Buffer.from([0xa2]), text('docType'), text(docType), text('issuerSigned'), issuerSigned]
  return Buffer.concat([
    Buffer.from([0xa3]), text('version'), text('1.0'),
    text('documents'), Buffer.from([0x81]), ...document,
    text('status'), Buffer.from([0]),
  ])
}

async function check({ docType, credential, jwk }) {
  const passed = []
  const failed = []
  const onCheck = ({ status, category, id, check, reason }) => {
    // Nothing was presented by a device here.
    if (category === 'DEVICE_AUTH') return
    if (status === 'PASSED') passed.push(id)
    else failed.push(`${check}: ${reason ?? ''}`)
  }
  const parsed = await new Verifier([iaca]).verify(deviceResponse(docType, Buffer.from(credential, 'base64url')), { onCheck })
  const { issuerSigned } = parsed.documents[0]
  const { deviceKey } = issuerSigned.issuerAuth.decodedPayload.deviceKeyInfo
  const coordinate = (label) => Buffer.from(deviceKey.get(label)).toString('base64url')
  const elements = Object.values(issuerSigned.nameSpaces).flat().map((item) => item.elementIdentifier)
  return { passed, failed, sameKey: coordinate(-2) === jwk.x && coordinate(-3) === jwk.y, elements }
}

const results = []
for (const credential of credentials) results.push(await check(credential))
console.log(JSON.stringify({ results }))
