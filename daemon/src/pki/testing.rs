//! For tests: the `openssl` program as a second opinion, and as a root CA that is not ours.

use std::path::PathBuf;
use std::process::Command;

use tempfile::TempDir;

/// Runs `openssl` in a directory of its own.
pub(crate) struct Openssl(TempDir);

impl Openssl {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        std::fs::write(self.path(name), content).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path(name)).unwrap()
    }

    pub(crate) fn text(&self, name: &str) -> String {
        String::from_utf8(self.read(name)).unwrap()
    }

    /// Whether it succeeded, and all it printed. `arguments` are split at spaces; file names are those of `write`.
    pub(crate) fn attempt(&self, arguments: &str) -> (bool, String) {
        let output = Command::new("openssl").args(arguments.split(' ')).current_dir(self.0.path()).output().unwrap();
        let printed = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8_lossy(&printed).into_owned())
    }

    pub(crate) fn run(&self, arguments: &str) -> String {
        let (succeeded, printed) = self.attempt(arguments);
        assert!(succeeded, "openssl {arguments}: {printed}");
        printed
    }
}

const CONFIGURATION: &str = "\
[req]
prompt=no
distinguished_name=name
x509_extensions=root
string_mask=utf8only
[name]
C=UT
ST=UT-9
O=Übermorgen & Søn
CN=Utopia Root
[root]
basicConstraints=critical,CA:TRUE,pathlen:0
keyUsage=critical,keyCertSign,cRLSign
subjectKeyIdentifier=hash
issuerAltName=email:iaca@utopia.example
crlDistributionPoints=URI:https://utopia.example/crl
[signer]
keyUsage=critical,digitalSignature
extendedKeyUsage=critical,1.0.18013.5.1.2
subjectKeyIdentifier=hash
authorityKeyIdentifier=keyid
issuerAltName=URI:https://utopia.example
crlDistributionPoints=URI:https://utopia.example/crl
";

/// A root CA by openssl. Its names are UTF-8 strings and have more parts than ours.
pub(crate) struct ForeignIaca(Openssl);

impl ForeignIaca {
    /// One that follows the profile.
    pub(crate) fn new() -> Self {
        Self::with("", "", "prime256v1", "-days 3650 -sha256")
    }

    /// One whose configuration differs in one place.
    pub(crate) fn with(from: &str, to: &str, curve: &str, options: &str) -> Self {
        let openssl = Openssl::new();
        openssl.write("root.cnf", CONFIGURATION.replacen(from, to, usize::from(!from.is_empty())));
        openssl.run(&format!("ecparam -name {curve} -genkey -noout -out root.key"));
        openssl.run(&format!("req -new -x509 -utf8 -key root.key -config root.cnf {options} -out root.pem"));
        Self(openssl)
    }

    /// Its certificate.
    pub(crate) fn pem(&self) -> String {
        self.0.text("root.pem")
    }

    /// Signs a request with its profile for document signers.
    pub(crate) fn sign(&self, request: &str) -> String {
        self.sign_with(request, "", "", "-days 300 -sha256")
    }

    /// Signs a request, differing from the profile in one place.
    pub(crate) fn sign_with(&self, request: &str, from: &str, to: &str, options: &str) -> String {
        self.0.write("signer.csr", request);
        let configuration = CONFIGURATION.replacen("[signer]", "[signer]\n", 1);
        let (head, signer) = configuration.split_once("[signer]").unwrap();
        let signer = signer.replacen(from, to, usize::from(!from.is_empty()));
        self.0.write("signer.cnf", format!("{head}[signer]{signer}"));
        let extensions = "-extfile signer.cnf -extensions signer";
        let authority = "-CA root.pem -CAkey root.key -CAcreateserial";
        self.0.run(&format!("x509 -req -in signer.csr {authority} {extensions} {options} -out signer.pem"));
        self.0.text("signer.pem")
    }
}
