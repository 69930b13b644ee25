// A verifier built on OpenWallet Foundation's Token Status List library and Node's own cryptography. Standard input:
// {"iaca": PEM, "jwt": JWT, "indices": [n…]}. Prints one line of JSON: {"statuses": [n…], "size", "ttl", "sub", "exp"}; fails when the
// signature or its chain to the IACA is not good.
import { X509Certificate, verify } from 'node:crypto'
import { getListFromStatusListJWT } from '@sd-jwt/jwt-status-list'

const { iaca, jwt, indices } = JSON.parse(await new Response(process.stdin).text())

const [header, payload, signature] = jwt.split('.')
const { typ, x5c } = JSON.parse(Buffer.from(header, 'base64url'))
if (typ !== 'statuslist+jwt') throw new Error(`typ is ${typ}`)
const leaf = new X509Certificate(Buffer.from(x5c[0], 'base64'))
const root = new X509Certificate(iaca)
if (!leaf.checkIssued(root) || !leaf.verify(root.publicKey)) throw new Error('the chain is not good')
const signed = Buffer.from(`${header}.${payload}`)
const key = { key: leaf.publicKey, dsaEncoding: 'ieee-p1363' }
if (!verify('sha256', signed, key, Buffer.from(signature, 'base64url'))) throw new Error('the signature is not good')

const list = getListFromStatusListJWT(jwt)
const { sub, exp, ttl } = JSON.parse(Buffer.from(payload, 'base64url'))
const statuses = indices.map((index) => list.getStatus(index))
console.log(JSON.stringify({ statuses, size: list.statusList.length, sub, exp, ttl }))
