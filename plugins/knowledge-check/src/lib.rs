//! Asks the person something that only they should know, before a credential is issued.

use issuerd_plugin::prelude::*;
use serde::Deserialize;
use serde_json::{Map, Value};

/// The auth hook.
pub struct KnowledgeCheck;

/// The config table; see the README.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// What is asked.
    questions: Vec<Question>,
    /// Heading of the form.
    #[serde(default = "title")]
    title: String,
    /// Wrong answers until nothing more is accepted.
    #[serde(default = "three")]
    attempts: u32,
    /// How long that lasts.
    #[serde(default = "quarter")]
    lock_seconds: u32,
}

/// A question.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Question {
    /// The claim with the answer.
    claim: String,
    /// The question.
    label: String,
    /// How it is asked.
    #[serde(default)]
    kind: Kind,
}

/// How a question is asked.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    #[default]
    Text,
    Password,
    Date,
    Number,
}

fn title() -> String {
    "Please confirm that it is you".to_owned()
}

const fn three() -> u32 {
    3
}

const fn quarter() -> u32 {
    900
}

impl AuthHook for KnowledgeCheck {
    type Config = Config;
    const DESCRIPTION: &'static str = "Asks questions whose answers are in the claims; wrong answers are counted";
    const CONFIG_SCHEMA: &'static str = include_str!("../config.schema.json");

    fn needs() -> Vec<Need> {
        vec![Need::cache("to count wrong answers")]
    }

    fn check(config: &Config) -> std::result::Result<(), Vec<String>> {
        let mut names: Vec<_> = config.questions.iter().map(|question| question.claim.as_str()).collect();
        names.sort_unstable();
        let twice = names.windows(2).any(|pair| pair.first() == pair.last());
        if names.is_empty() || twice || config.attempts == 0 || config.lock_seconds == 0 {
            return Err(vec![
                "each question needs a claim of its own, and `attempts` and `lock_seconds` are at least 1".to_owned(),
            ]);
        }
        Ok(())
    }

    fn authorize(config: Config, ctx: AuthContext, step: Step) -> Result<Verdict> {
        let claims: Map<String, Value> = ctx.claims()?;
        let subject = ctx.subject().ok_or_else(|| Error::NotFound("nobody to be asked is known".to_owned()))?;
        let counter = format!("wrong:{}:{subject}", subject.len());
        match step {
            Step::Submitted(fields) => judged(&config, &claims, &counter, &fields),
            Step::Start | Step::Returned(_) if used_up(&config, &counter)? => Ok(locked()),
            Step::Start | Step::Returned(_) => Ok(Verdict::Challenge(form(&config))),
        }
    }
}

/// The attempt is counted before it is looked at, so that many at once are no more than many in a row.
fn judged(config: &Config, claims: &Map<String, Value>, counter: &str, fields: &[(String, String)]) -> Result<Verdict> {
    let attempt = cache::increment(counter, 1, config.lock_seconds)?;
    if attempt > i64::from(config.attempts) {
        return Ok(locked());
    }
    let mut right = true;
    for question in &config.questions {
        let given = fields.iter().find(|(name, _)| *name == question.claim).map_or("", |(_, value)| value.as_str());
        let wanted = claims.get(&question.claim).and_then(text);
        let wanted = wanted.ok_or_else(|| Error::NotFound(format!("no claim `{}` to compare with", question.claim)))?;
        // No early end: which answer was wrong is not told, also not by time.
        right &= same(given, &wanted);
    }
    if right {
        cache::delete(counter);
        return Ok(Verdict::Allow(Enrichment::default().amr("kba")));
    }
    if attempt == i64::from(config.attempts) {
        return Ok(locked());
    }
    let mut again = form(config);
    again.problem = Some("That is not right. Please try again.".to_owned());
    Ok(Verdict::Challenge(again))
}

/// Asks for the count without changing it.
fn used_up(config: &Config, counter: &str) -> Result<bool> {
    Ok(cache::increment(counter, 0, config.lock_seconds)? >= i64::from(config.attempts))
}

fn form(config: &Config) -> Form {
    config.questions.iter().fold(Form::new(&config.title), |form, question| {
        let kind = match question.kind {
            Kind::Text => FieldKind::Text,
            Kind::Password => FieldKind::Password,
            Kind::Date => FieldKind::Date,
            Kind::Number => FieldKind::Number,
        };
        form.field(FormField::new(&question.claim, kind, &question.label).max_length(200))
    })
}

fn locked() -> Verdict {
    Verdict::deny("too many wrong answers", "There were too many wrong answers. Please try again later.")
}

fn text(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    Some(text).filter(|text| !plain(text).is_empty())
}

/// Whether two answers are the same apart from case and blanks. The time does not depend on where they differ.
fn same(given: &str, wanted: &str) -> bool {
    let (given, wanted) = (plain(given), plain(wanted));
    let differ = given.bytes().zip(wanted.bytes()).fold(0, |differ, (a, b)| differ | (a ^ b));
    differ == 0 && given.len() == wanted.len()
}

fn plain(text: &str) -> String {
    text.split_whitespace().collect::<String>().to_lowercase()
}

issuerd_plugin::export!(auth_hook: KnowledgeCheck);
