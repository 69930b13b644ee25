//! Analytics events: every operation of the issuer starts, then succeeds or fails.
//!
//! `routes` announces the operations of endpoints, so that no endpoint can forget its own; `issuance` and `trust` announce the steps
//! inside of them. Names are those of the MATTR VII event registry where it has one, and follow its style elsewhere.

mod operation;

use std::sync::Arc;

pub use operation::Operation;

/// How far an operation has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Phase {
    /// It begins.
    Start,
    /// It was done.
    Success,
    /// It was refused, or could not be done.
    Fail,
}

impl Phase {
    /// All, in the order of their declaration.
    pub const ALL: [Self; 3] = [Self::Start, Self::Success, Self::Fail];
}

/// Who is told of events.
pub trait Events: Send + Sync + 'static {
    /// Takes note of one. Called on the hot path: must neither block nor fail.
    fn emit(&self, operation: Operation, phase: Phase);
}

/// An operation that has started. Dropped without [`Running::succeed`] it has failed, so an early return, a panic or an abandoned request
/// cannot leave a start without an end.
#[must_use = "dropping it at once reports a failure"]
pub struct Running {
    events: Arc<dyn Events>,
    operation: Operation,
    outcome: Phase,
}

/// Announces the start of an operation.
pub fn start(events: Arc<dyn Events>, operation: Operation) -> Running {
    events.emit(operation, Phase::Start);
    Running { events, operation, outcome: Phase::Fail }
}

impl Running {
    /// It was done.
    pub fn succeed(mut self) {
        self.outcome = Phase::Success;
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.events.emit(self.operation, self.outcome);
    }
}

/// Hears nothing; for tests of other things.
#[cfg(test)]
pub(crate) struct Unheard;

#[cfg(test)]
impl Events for Unheard {
    fn emit(&self, _: Operation, _: Phase) {}
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::Mutex;

    use super::*;

    #[derive(Default)]
    struct Recorder(Mutex<Vec<&'static str>>);

    impl Events for Recorder {
        fn emit(&self, operation: Operation, phase: Phase) {
            self.0.lock().unwrap().push(operation.event(phase));
        }
    }

    #[test]
    fn every_start_has_exactly_one_end() {
        let recorder = Arc::new(Recorder::default());
        start(recorder.clone(), Operation::OpenidToken).succeed();
        drop(start(recorder.clone(), Operation::OpenidNonce));
        let inside = recorder.clone();
        let panicked = catch_unwind(AssertUnwindSafe(|| {
            let _running = start(inside, Operation::OpenidCredential);
            panic!("in the middle");
        }));
        assert!(panicked.is_err());
        let seen = recorder.0.lock().unwrap().clone();
        let expected = [
            "OPENID_TOKEN_START",
            "OPENID_TOKEN_SUCCESS",
            "OPENID_NONCE_START",
            "OPENID_NONCE_FAIL",
            "OPENID_CREDENTIAL_START",
            "OPENID_CREDENTIAL_FAIL",
        ];
        assert_eq!(seen, expected);
    }

    #[test]
    fn names_are_unique_and_indices_match() {
        let names: HashSet<_> = Operation::ALL.iter().map(|operation| operation.name()).collect();
        assert_eq!(names.len(), Operation::ALL.len());
        for (place, operation) in Operation::ALL.iter().enumerate() {
            assert_eq!(*operation as usize, place);
            for phase in Phase::ALL {
                assert!(operation.event(phase).starts_with(operation.name()));
            }
        }
    }

    #[test]
    fn names_of_the_reference_are_kept() {
        let group = |stem: &str, verbs: &[&str]| verbs.iter().map(|verb| format!("{stem}_{verb}")).collect::<Vec<_>>();
        let all = ["CREATE", "RETRIEVE", "RETRIEVE_LIST", "UPDATE", "DELETE"];
        let mut wanted = group("MOBILE_CREDENTIAL_CONFIGURATION", &all);
        wanted.extend(group("MOBILE_CREDENTIAL_IACA", &all));
        wanted.extend(group("MOBILE_CREDENTIAL_IACA", &["CRL_RETRIEVE", "KEY_DELETE"]));
        wanted.extend(group("MOBILE_CREDENTIAL_DOCUMENT_SIGNER", &all));
        wanted.extend(group("MOBILE_CREDENTIAL_DOCUMENT_SIGNER", &["REVOKE", "KEY_DELETE"]));
        wanted.extend(group("MOBILE_CREDENTIAL_STATUS_LIST_SIGNER", &all));
        wanted.extend(group("MOBILE_CREDENTIAL_STATUS_LIST_SIGNER", &["REVOKE", "KEY_DELETE"]));
        wanted.extend(group("MOBILE_CREDENTIAL_STATUS_LIST_CONFIGURATION", &all));
        let public = ["RETRIEVE", "RETRIEVE_LIST", "TOKEN_RETRIEVE", "DISTRIBUTION"];
        wanted.extend(group("MOBILE_CREDENTIAL_STATUS_LIST", &public));
        wanted.extend(group("MOBILE_CREDENTIAL_STATUS", &["SET", "RETRIEVE"]));
        wanted.extend(group("USER_CREDENTIAL", &["DELETE"]));
        wanted.extend(group("OPENID", &["OFFER_CREATE", "TOKEN", "CREDENTIAL"]));
        wanted.extend(group("OPENID", &["CLAIM_SOURCE_AUTHORIZATION", "CLAIM_SOURCE_RETRIEVE", "INTERACTION_HOOK"]));
        wanted.extend(group("CLAIM_SOURCE", &all));
        wanted.extend(group("USER_AUTHENTICATION_PROVIDER", &all));
        wanted.extend(group("USER", &all));
        wanted.extend(group("USER", &["SEARCH", "CREDENTIAL_RETRIEVE_LIST"]));
        wanted.extend(group("CREDENTIAL_PROVIDER_OPENID_CONFIGURATION", &["UPDATE", "RETRIEVE"]));
        wanted.extend(group("OPENID_PRE_AUTHORIZED_OFFER", &["CREATE", "DELETE"]));
        wanted.extend(["MOBILE_CREDENTIAL_SIGN".to_owned(), "USER_CREDENTIAL_CREATE".to_owned()]);
        for name in wanted {
            assert!(Operation::ALL.iter().any(|operation| operation.name() == name), "{name}");
        }
    }

    /// The names that a document has between backticks; `A_{B,C}` stands for `A_B` and `A_C`.
    fn documented(text: &str) -> HashSet<String> {
        let mut names = HashSet::new();
        for code in text.split('`').skip(1).step_by(2) {
            match code.strip_suffix('}').and_then(|code| code.split_once('{')) {
                Some((stem, verbs)) => names.extend(verbs.split(',').map(|verb| format!("{stem}{verb}"))),
                None => _ = names.insert(code.to_owned()),
            }
        }
        names
    }

    #[test]
    fn every_operation_is_documented() {
        let names = documented(include_str!("../../../docs/metrics.md"));
        let missing: Vec<_> =
            Operation::ALL.iter().map(|one| one.name()).filter(|name| !names.contains(*name)).collect();
        assert!(missing.is_empty(), "not in docs/metrics.md: {missing:?}");
    }
}
