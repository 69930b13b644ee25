//! One encrypted message (RFC 7516): closed for a recipient, or opened with a key of ours.

use miniz_oxide::deflate::compress_to_vec;
use miniz_oxide::inflate::decompress_to_vec_with_limit;
use ring::aead::{AES_128_GCM, AES_256_GCM, Aad, Algorithm, LessSafeKey, Nonce, UnboundKey};

use super::agreement::{AgreementKey, Parties};
use crate::base::random::{Random, bytes};
use crate::base::secret::Secret;
use crate::domain::Failure;
use crate::wire::encryption::Recipient;
use crate::wire::jwe::{self, ContentEncryption, Header, IV, Jwe};

/// How hard to compress: the default of zlib.
const LEVEL: u8 = 6;

/// Encrypts `plain` for a recipient, with a key and an initialization vector that serve once; the compact form.
pub(super) fn close(plain: &[u8], recipient: &Recipient, random: &dyn Random) -> Result<String, Failure> {
    let content = if recipient.compressed { compress_to_vec(plain, LEVEL) } else { plain.to_vec() };
    close_as_is(content, recipient, random)
}

/// Encrypts what is compressed already, if it is to be.
pub(super) fn close_as_is(mut content: Vec<u8>, recipient: &Recipient, random: &dyn Random) -> Result<String, Failure> {
    let ephemeral = AgreementKey::generate(random)?;
    let encryption = recipient.encryption;
    let parties = Parties { encryption, apu: b"", apv: b"" };
    let key = ephemeral.agree(&recipient.key, &parties).ok_or(Failure::Encryption)?;
    let public = ephemeral.public().ok_or(Failure::Encryption)?;
    let protected = jwe::print_header(encryption, &public, recipient.kid.as_deref(), recipient.compressed);
    let iv = bytes::<IV>(random)?;
    let sealed = cipher(encryption, &key).ok_or(Failure::Encryption)?.seal_in_place_append_tag(
        Nonce::assume_unique_for_key(iv),
        Aad::from(protected.as_bytes()),
        &mut content,
    );
    sealed.map_err(|_| Failure::Encryption)?;
    Ok(jwe::print(&protected, &iv, &content))
}

/// Decrypts a message, of at most `most` bytes once it is inflated. Why it cannot be is nobody's business (RFC 7516 11.5).
pub(super) fn open(mut message: Jwe<'_>, header: &Header, key: &AgreementKey, most: usize) -> Option<Vec<u8>> {
    let parties = Parties { encryption: header.encryption, apu: &header.apu, apv: &header.apv };
    let key = cipher(header.encryption, &key.agree(&header.ephemeral, &parties)?)?;
    let nonce = Nonce::assume_unique_for_key(message.iv);
    let aad = Aad::from(message.protected.as_bytes());
    let length = key.open_in_place(nonce, aad, &mut message.ciphertext).ok()?.len();
    message.ciphertext.truncate(length);
    if header.compressed {
        return decompress_to_vec_with_limit(&message.ciphertext, most).ok();
    }
    (length <= most).then_some(message.ciphertext)
}

fn cipher(encryption: ContentEncryption, key: &Secret) -> Option<LessSafeKey> {
    let algorithm: &'static Algorithm = match encryption {
        ContentEncryption::A128Gcm => &AES_128_GCM,
        ContentEncryption::A256Gcm => &AES_256_GCM,
    };
    UnboundKey::new(algorithm, key.expose()).ok().map(LessSafeKey::new)
}
