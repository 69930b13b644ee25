//! Clients that are known by the certificate of their connection (RFC 8705), over real handshakes with curl.

use std::path::PathBuf;

use issuerd_tests::Daemon;
use issuerd_tests::certificate::openssl;
use issuerd_tests::configurations::membership;
use issuerd_tests::login::challenge;
use issuerd_tests::offer::PRE_AUTHORIZED;
use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::flow_tls::{Ca, Curled, curl, pem, section};

/// A daemon that asks for certificates, and who has some.
struct Scene {
    daemon: Daemon,
    server: Ca,
    configuration: String,
    files: TempDir,
}

/// Writes a certificate with its key as `NAME.pem` and `NAME.key`; signed by itself without a CA.
fn certify(files: &TempDir, name: &str, common_name: &str, dns: &str, ca: Option<&Ca>) {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new([dns.to_owned()]).unwrap();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, common_name);
    let made = match ca {
        Some(ca) => params.signed_by(&key, &ca.issuer).unwrap(),
        None => params.self_signed(&key).unwrap(),
    };
    std::fs::write(files.path().join(format!("{name}.pem")), pem("CERTIFICATE", made.der())).unwrap();
    std::fs::write(files.path().join(format!("{name}.key")), pem("PRIVATE KEY", &key.serialize_der())).unwrap();
}

fn digest(files: &TempDir, name: &str) -> String {
    let text = openssl(files.path(), &["x509", "-in", &format!("{name}.pem"), "-noout", "-fingerprint", "-sha256"]);
    text.trim().rsplit_once('=').unwrap().1.to_owned()
}

impl Scene {
    fn new(more: &str) -> Self {
        let (files, server, clients) = (TempDir::new().unwrap(), Ca::new(), Ca::new());
        server.certify(files.path());
        for (name, dns) in [("bank", "bank.example"), ("shop", "shop.example")] {
            certify(&files, name, &format!("{name} of the tests"), dns, Some(&clients));
        }
        certify(&files, "own", "own", "own.example", None);
        certify(&files, "stranger", "stranger", "bank.example", Some(&Ca::new()));
        let own = std::fs::read_to_string(files.path().join("own.pem")).unwrap();
        std::fs::write(files.path().join("clients.pem"), format!("{}{own}", clients.pem)).unwrap();
        let (tls, digest) = (section("server", files.path()), digest(&files, "own"));
        let config = format!(
            "{tls}client_ca = \"{}\"\n\
            [[client]]\nid = \"bank\"\nauthentication = \"mtls\"\ncertificate_dns = \"bank.example\"\n\
            redirect_uris = [\"https://bank.example/cb\"]\n\
            [[client]]\nid = \"shop\"\nauthentication = \"mtls\"\ncertificate_subject = \"CN=shop of the tests\"\n\
            [[client]]\nid = \"own\"\nauthentication = \"mtls\"\ncertificate_sha256 = [\"{digest}\"]\n{more}",
            files.path().join("clients.pem").display()
        );
        let daemon = Daemon::installed_as("https", &config);
        let configuration = daemon.management().create_configuration(&membership("org.example.club"));
        Self { daemon, server, configuration, files }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.files.path().join(name)
    }

    fn code(&self) -> String {
        self.daemon.management().offer_of(&self.configuration, &json!({ "name": "Mika Sommer" })).code
    }

    /// Sends a form, with a certificate and more headers.
    fn post(&self, path: &str, form: &[(&str, &str)], certificate: Option<&str>, headers: &[String]) -> Curled {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let mut arguments = vec!["--data".to_owned(), body];
        if let Some(name) = certificate {
            let file = |end: &str| self.path(&format!("{name}.{end}")).display().to_string();
            arguments.extend(["--cert".to_owned(), file("pem"), "--key".to_owned(), file("key")]);
        }
        arguments.extend(headers.iter().flat_map(|header| ["--header".to_owned(), header.clone()]));
        let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
        curl(&self.server.path("ca.pem"), &format!("{}{path}", self.daemon.ready.issuer), &arguments)
    }

    fn token(&self, code: &str, client: &str, certificate: Option<&str>) -> Curled {
        let form = [("grant_type", PRE_AUTHORIZED), ("pre-authorized_code", code), ("client_id", client)];
        self.post("/v1/oauth/token", &form, certificate, &[])
    }

    fn metadata(&self) -> Value {
        let url = format!("{}/.well-known/oauth-authorization-server", self.daemon.ready.issuer);
        serde_json::from_str(&curl(&self.server.path("ca.pem"), &url, &[]).body).unwrap()
    }
}

#[track_caller]
fn refused(answer: &Curled, error: &str) {
    let body: Value = serde_json::from_str(&answer.body).unwrap_or_else(|_| panic!("{}: {}", answer.code, answer.body));
    assert_eq!(body["error"], error, "{body}");
    assert!(matches!(answer.status.as_str(), "400" | "401"), "{}", answer.status);
}

// RFC 8705 2.1, 2.2; OAU-2.2-01
#[test]
fn a_certificate_opens_what_its_client_may_have() {
    let scene = Scene::new("");
    let metadata = scene.metadata();
    let methods = metadata["token_endpoint_auth_methods_supported"].as_array().unwrap();
    assert!(methods.contains(&json!("tls_client_auth")) && methods.contains(&json!("self_signed_tls_client_auth")));
    // Tokens are bound by DPoP, and nothing else is claimed (RFC 8705 3.3).
    assert!(metadata.get("tls_client_certificate_bound_access_tokens").is_none(), "{metadata}");
    let code = scene.code();
    for (client, certificate) in [
        ("bank", None),
        ("bank", Some("shop")),
        ("bank", Some("own")),
        ("shop", Some("bank")),
        ("own", Some("bank")),
        ("own", None),
    ] {
        refused(&scene.token(&code, client, certificate), "invalid_client");
    }
    for client in ["bank", "shop", "own"] {
        let granted = scene.token(&scene.code(), client, Some(client));
        assert_eq!((granted.code, granted.status.as_str()), (0, "200"), "{client}: {}", granted.body);
    }
    // The code was not used up by those who were refused.
    assert_eq!(scene.token(&code, "bank", Some("bank")).status, "200");
}

// TLS-195-01: a certificate that no listed CA vouches for ends the handshake.
#[test]
fn a_stranger_with_the_right_name_does_not_get_through_the_handshake() {
    let scene = Scene::new("");
    let code = scene.code();
    let stranger = scene.token(&code, "bank", Some("stranger"));
    assert!(stranger.code != 0 && stranger.status == "000", "{}: {}", stranger.code, stranger.body);
    assert_eq!(scene.token(&code, "bank", Some("bank")).status, "200");
}

// TLS-195-07, RFC 9440: what a proxy would say of a certificate is not read.
#[test]
fn a_certificate_in_a_header_is_none() {
    use base64::Engine as _;
    let scene = Scene::new("");
    let text = std::fs::read_to_string(scene.path("bank.pem")).unwrap();
    let der: String = text.lines().filter(|line| !line.starts_with("-----")).collect();
    let escaped = form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let raw = base64::engine::general_purpose::STANDARD.decode(&der).unwrap();
    let headers = [
        format!("Client-Cert: :{}:", base64::engine::general_purpose::STANDARD.encode(raw)),
        format!("X-SSL-Client-Cert: {escaped}"),
        format!("X-Client-Cert: {der}"),
        format!("X-Forwarded-Client-Cert: Cert=\"{escaped}\""),
        format!("SSL_CLIENT_CERT: {der}"),
        "X-SSL-Client-Verify: SUCCESS".to_owned(),
        "X-SSL-Client-S-DN: CN=bank of the tests".to_owned(),
    ];
    let code = scene.code();
    let form = [("grant_type", PRE_AUTHORIZED), ("pre-authorized_code", code.as_str()), ("client_id", "bank")];
    for header in &headers {
        refused(&scene.post("/v1/oauth/token", &form, None, std::slice::from_ref(header)), "invalid_client");
    }
    refused(&scene.post("/v1/oauth/token", &form, None, &headers), "invalid_client");
    refused(&scene.post("/v1/oauth/token", &form, Some("shop"), &headers), "invalid_client");
    assert_eq!(scene.post("/v1/oauth/token", &form, Some("bank"), &[]).status, "200");
}

// HAIP-4.4.1-01, PAR-2.1-02: also where wallets must be attested.
#[test]
fn a_client_with_a_certificate_needs_no_attestation() {
    let folder = TempDir::new().unwrap();
    let provider = issuerd_tests::client::WalletProvider::new();
    let scene = Scene::new(&provider.trusted(folder.path(), "required = true"));
    let challenge = challenge();
    let form = [
        ("response_type", "code"),
        ("client_id", "bank"),
        ("redirect_uri", "https://bank.example/cb"),
        ("code_challenge", challenge.as_str()),
        ("code_challenge_method", "S256"),
        ("scope", "mso_mdoc:org.example.club"),
    ];
    let pushed = scene.post("/v1/oauth/par", &form, Some("bank"), &[]);
    assert_eq!(pushed.status, "201", "{}", pushed.body);
    refused(&scene.post("/v1/oauth/par", &form, None, &[]), "invalid_client");
    refused(&scene.post("/v1/oauth/par", &form, Some("shop"), &[]), "invalid_client");
    assert_eq!(scene.token(&scene.code(), "bank", Some("bank")).status, "200");
    refused(&scene.token(&scene.code(), "somebody", None), "invalid_client");
}

#[test]
fn a_client_with_a_certificate_needs_a_listener_that_asks_for_one() {
    let refused =
        Daemon::refused("[[client]]\nid = \"bank\"\nauthentication = \"mtls\"\ncertificate_dns = \"bank.example\"\n");
    assert!(refused.contains("without `server.tls.client_ca` no client can show a certificate"), "{refused}");
}
