//! Attempts are counted over calls.

use issuerd_plugin::testing::{Host, auth_context};
use issuerd_plugin::{Step, Verdict};
use knowledge_check::KnowledgeCheck;
use serde_json::json;

#[expect(clippy::unwrap_used, reason = "a helper of the tests")]
fn answer(host: &mut Host, subject: &str, given: &str) -> Verdict {
    let context = auth_context(json!({ "identity": { "subject": subject }, "claims": { "pin": "1234" } }));
    host.authorize::<KnowledgeCheck>(context, Step::Submitted(vec![("pin".to_owned(), given.to_owned())])).unwrap()
}

fn host() -> Host {
    Host::new().config(json!({ "questions": [{ "claim": "pin", "label": "PIN" }], "attempts": 2, "lock_seconds": 60 }))
}

#[test]
fn nothing_is_accepted_after_the_last_attempt_until_the_lock_ends() {
    let mut host = host();
    assert!(matches!(answer(&mut host, "mika", "1"), Verdict::Challenge(_)));
    assert!(matches!(answer(&mut host, "mika", "2"), Verdict::Deny(_)));
    assert!(matches!(answer(&mut host, "mika", "1234"), Verdict::Deny(_)));
    assert!(matches!(answer(&mut host, "other", "1234"), Verdict::Allow(_)), "each person has attempts of their own");
    host.pass(60);
    assert!(matches!(answer(&mut host, "mika", "1234"), Verdict::Allow(_)));
}

#[test]
fn a_right_answer_clears_the_count() {
    let mut host = host();
    assert!(matches!(answer(&mut host, "mika", "1"), Verdict::Challenge(_)));
    assert!(matches!(answer(&mut host, "mika", "1234"), Verdict::Allow(_)));
    assert!(matches!(answer(&mut host, "mika", "1"), Verdict::Challenge(_)));
}

#[test]
fn questions_are_different() {
    let twice = json!([{ "claim": "pin", "label": "PIN" }, { "claim": "pin", "label": "PIN" }]);
    assert!(Host::new().config(json!({ "questions": twice })).check_hook::<KnowledgeCheck>().is_err());
    assert_eq!(host().check_hook::<KnowledgeCheck>(), Ok(()));
}
