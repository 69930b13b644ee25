"""The reference implementation of SD-JWT (RFC 9901) as holder and verifier.

Standard input: {"iaca": PEM, "credentials": [{"credential", "privateKey"? (PKCS#8, base64), "disclose"}]}. Each credential is verified as issued, shown
with the claims that `disclose` names and a key binding when there is a key, and verified again. Prints one line of JSON:
{"results": [{"all", "shown"} or {"error"}]}.
"""

import base64
import json
import sys

from cryptography import x509
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
)
from jwcrypto.jwk import JWK
from sd_jwt.holder import SDJWTHolder
from sd_jwt.verifier import SDJWTVerifier

AUDIENCE, NONCE = "https://verifier.example", "nonce-of-the-verifier"


def main():
    given = json.load(sys.stdin)
    anchor = x509.load_pem_x509_certificate(given["iaca"].encode())

    def issuer_key(_issuer, header):
        leaf = x509.load_der_x509_certificate(base64.b64decode(header["x5c"][0]))
        leaf.verify_directly_issued_by(anchor)
        pem = leaf.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        return JWK.from_pem(pem)

    def check(one):
        everything = SDJWTVerifier(one["credential"], issuer_key, None, None).get_verified_payload()
        holder = SDJWTHolder(one["credential"])
        if "privateKey" in one:
            der = load_der_private_key(base64.b64decode(one["privateKey"]), None)
            key = JWK.from_pem(der.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
            holder.create_presentation(one["disclose"], NONCE, AUDIENCE, key)
            asked = (AUDIENCE, NONCE)
        else:
            holder.create_presentation(one["disclose"])
            asked = (None, None)
        shown = SDJWTVerifier(holder.sd_jwt_presentation, issuer_key, *asked).get_verified_payload()
        return {"all": everything, "shown": shown}

    results = []
    for one in given["credentials"]:
        try:
            results.append(check(one))
        except Exception as error:  # whatever the library refuses is the finding
            results.append({"error": f"{type(error).__name__}: {error}"})
    print(json.dumps({"results": results}))


main()
