//! Texts, one file a language. `{…}` in a text is filled in by the page.

mod de;
mod en;

/// The texts of a language.
pub struct Words {
    /// Its tag.
    pub language: &'static str,
    /// Stands for an issuer without a name.
    pub issuer: &'static str,
    /// Heading of the login page.
    pub login: &'static str,
    /// Why one should log in; `{wallet}`.
    pub login_why: &'static str,
    /// Heading of the list of providers.
    pub choose_provider: &'static str,
    /// Heading of the list of test users.
    pub test_users: &'static str,
    /// Leads to a provider; `{provider}`.
    pub continue_with: &'static str,
    /// Leaves for the wallet.
    pub cancel: &'static str,
    /// Nobody can log in.
    pub no_login: &'static str,
    /// Heading of the consent page.
    pub consent: &'static str,
    /// What happens; `{wallet}`, `{issuer}`.
    pub consent_what: &'static str,
    /// Before the list of claims.
    pub contains: &'static str,
    /// Label of the wallet.
    pub wallet: &'static str,
    /// Label of the place that the answer goes to.
    pub returns_to: &'static str,
    /// Label of the issuer.
    pub issued_by: &'static str,
    /// The wallet is attested; `{attester}`.
    pub attested: &'static str,
    /// The wallet is not attested.
    pub not_attested: &'static str,
    /// Approves.
    pub approve: &'static str,
    /// Refuses.
    pub deny: &'static str,
    /// Sends a form.
    pub send: &'static str,
    /// Marks a field that may stay empty.
    pub optional: &'static str,
    /// Heading of a page that only leads on.
    pub leaving: &'static str,
    /// What it leads to; `{place}`.
    pub leaving_to: &'static str,
    /// Leads on.
    pub go_on: &'static str,
    /// Heading of a refusal.
    pub refused: &'static str,
    /// Leads back to the wallet.
    pub back: &'static str,
    /// Heading of an error.
    pub error: &'static str,
    /// What to do about any error.
    pub error_advice: &'static str,
    /// Before the id of the request.
    pub error_id: &'static str,
    /// The interaction is over, or another browser's.
    pub over: &'static str,
    /// A form is not from one of our pages.
    pub foreign_form: &'static str,
    /// A request that cannot be read.
    pub malformed: &'static str,
    /// A request URI that leads nowhere.
    pub unknown_request: &'static str,
    /// A request that was not pushed.
    pub not_pushed: &'static str,
    /// A client that is unknown.
    pub unknown_client: &'static str,
    /// A redirect URI that is not accepted.
    pub bad_redirect: &'static str,
    /// The issuer is at fault.
    pub failed: &'static str,
    /// Later it works.
    pub unavailable: &'static str,
    /// There is no such page.
    pub not_found: &'static str,
    /// Names of claims.
    pub claims: &'static [(&'static str, &'static str)],
}

/// The languages, the first for those who read none of them.
const ALL: [&Words; 2] = [&en::WORDS, &de::WORDS];

impl Words {
    /// The first of these languages that there is; a region does not matter.
    pub fn of<'a>(wanted: impl IntoIterator<Item = &'a str>) -> &'static Self {
        let known = |tag: &str| {
            let primary = tag.split('-').next().unwrap_or_default();
            ALL.into_iter().find(|words| words.language.eq_ignore_ascii_case(primary))
        };
        wanted.into_iter().find_map(known).unwrap_or(&en::WORDS)
    }

    /// The name of a claim: of a well-known one in this language, else its identifier, made readable.
    #[must_use]
    pub fn claim(&self, identifier: &str) -> String {
        match self.claims.iter().find(|(known, _)| *known == identifier) {
            Some((_, name)) => (*name).to_owned(),
            None => identifier.replace('_', " "),
        }
    }
}

/// `text` with what stands in braces filled in.
pub(crate) fn fill(text: &str, with: &[(&str, &str)]) -> String {
    // One pass, so that what is filled in is never filled again.
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        let Some((name, after)) = after.split_once('}') else { break };
        filled.push_str(with.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value));
        rest = after;
    }
    filled.push_str(rest);
    filled
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_known_language_is_taken() {
        for (wanted, language) in [
            (vec!["de-CH", "en"], "de"),
            (vec!["fr", "DE"], "de"),
            (vec!["en-GB", "de"], "en"),
            (vec!["fr"], "en"),
            (vec![], "en"),
        ] {
            assert_eq!(Words::of(wanted.iter().copied()).language, language, "{wanted:?}");
        }
    }

    #[test]
    fn what_is_filled_in_is_not_filled_again() {
        assert_eq!(fill("{a} and {b}", &[("a", "{b}"), ("b", "x")]), "{b} and x");
        assert_eq!(fill("none", &[]), "none");
    }

    #[test]
    fn each_language_names_the_same_claims() {
        let names = |words: &Words| words.claims.iter().map(|(id, _)| *id).collect::<Vec<_>>();
        for words in ALL {
            assert_eq!(names(words), names(ALL[0]), "{}", words.language);
            let placeholders = |text: &str| text.matches('{').count();
            assert_eq!(placeholders(words.consent_what), 2);
            assert_eq!((placeholders(words.login_why), placeholders(words.continue_with)), (1, 1));
        }
        assert_eq!(Words::of(["de"]).claim("family_name"), "Familienname");
        assert_eq!(Words::of(["de"]).claim("badge_colour"), "badge colour");
    }
}
