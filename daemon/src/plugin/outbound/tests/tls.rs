//! Certificates of servers.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::Arc;

use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::{get, send};
use crate::plugin::contract::claim_source::issuer::plugin::http::HttpError;
use crate::plugin::grants::support::House;

/// A server with a certificate for `register.test` that nobody else vouches for; its port and the certificate as PEM.
fn server() -> (u16, String) {
    let made = rcgen::generate_simple_self_signed(["register.test".to_owned()]).unwrap();
    let text = pem::encode(&pem::Pem::new("CERTIFICATE", made.cert.der().to_vec()));
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let mut stream = StreamOwned::new(ServerConnection::new(config.clone()).unwrap(), stream);
            // A client that does not trust the certificate breaks off here.
            if matches!(stream.read(&mut [0; 4096]), Ok(1..)) {
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nhi");
            }
        }
    });
    (port, text)
}

#[tokio::test]
async fn a_certificate_must_be_vouched_for_and_be_of_the_name() {
    let (port, pem) = server();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.pem");
    std::fs::write(&file, pem).unwrap();
    for (host, trusted, good) in
        [("register.test", true, true), ("register.test", false, false), ("other.test", true, false)]
    {
        let origin = format!("https://{host}:{port}");
        let mut house = House::new().http(&origin, &["GET"], None, true);
        house.settings.http[0].ca_file = trusted.then(|| file.clone());
        match send(&mut house.room(), get(&origin)).await {
            Ok(answer) => assert!(good && answer.body == b"hi", "{host} {trusted}"),
            Err(HttpError::Connect(text)) => assert!(!good && text.contains("certificate"), "{host} {trusted}: {text}"),
            other => panic!("{host} {trusted}: {other:?}"),
        }
    }
}
