// A wallet built on the OpenWallet Foundation's OpenID4VCI library. It claims what a pre-authorized code offer promises and prints one
// line of JSON: {"issuer", "tokenType", "credentials": [{"configuration", "docType", "credential", "jwk"}]}.
//
//   node wallet.mjs --offer LINK [--tx-code CODE] [--copies N] [--dpop]
//     [--attestation-key KEY --attestation-certificate CERTIFICATE]   its wallet provider: PKCS#8 and X.509 in base64
import { parseArgs } from 'node:util'

import { clientAuthenticationAnonymous } from '@openid4vc/oauth2'

import { callbacksWith, claim, clientAuthentication, newKey, Openid4vciClient, vouchers } from './instance.mjs'

const { values: options } = parseArgs({
  options: {
    offer: { type: 'string' },
    'tx-code': { type: 'string' },
    copies: { type: 'string', default: '1' },
    // Bind the access token to a key; what the server demanded of it is printed as "tokenType".
    dpop: { type: 'boolean', default: false },
    ...vouchers,
  },
})

const anonymous = clientAuthenticationAnonymous()
const client = new Openid4vciClient({ callbacks: callbacksWith(await clientAuthentication(options, anonymous)) })
const credentialOffer = await client.resolveCredentialOffer(options.offer)
const issuerMetadata = await client.resolveIssuerMetadata(credentialOffer.credential_issuer)
const { accessTokenResponse, dpop } = await client.retrievePreAuthorizedCodeAccessTokenFromOffer({
  credentialOffer,
  issuerMetadata,
  txCode: options['tx-code'],
  dpop: options.dpop ? { signer: { method: 'jwk', alg: 'ES256', publicJwk: newKey() } } : undefined,
})
const { access_token: accessToken, token_type: tokenType } = accessTokenResponse
const credentials = []
for (const configuration of credentialOffer.credential_configuration_ids) {
  const wanted = { issuerMetadata, accessToken, configuration, dpop, copies: Number(options.copies) }
  credentials.push(...(await claim(client, options, wanted)))
}
console.log(JSON.stringify({ issuer: credentialOffer.credential_issuer, tokenType, credentials }))
