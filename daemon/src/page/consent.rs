//! Do you approve?

use std::fmt::Write as _;

use maud::{Markup, html};

use super::words::{Words, fill};
use super::{Frame, Page, hidden};

/// What the consent page shows.
pub struct Consent<'a> {
    /// Texts.
    pub words: &'static Words,
    /// Who issues.
    pub issuer: &'a str,
    /// The wallet's name, or its id.
    pub wallet: &'a str,
    /// Its id.
    pub client_id: &'a str,
    /// Who has attested it.
    pub attester: Option<&'a str>,
    /// Where the answer goes.
    pub destination: &'a str,
    /// The same, for the content security policy.
    pub leads_to: Option<String>,
    /// The interaction.
    pub interaction: &'a str,
    /// What its forms send back.
    pub form_token: &'a str,
    /// Where the form goes.
    pub action: &'a str,
    /// What is asked for.
    pub credentials: Vec<Credential<'a>>,
}

/// A credential.
pub struct Credential<'a> {
    /// Its name.
    pub name: &'a str,
    /// A sentence about it.
    pub description: Option<&'a str>,
    /// `#RRGGBB`
    pub color: Option<&'a str>,
    /// Data URI.
    pub logo: Option<&'a str>,
    /// Identifiers of what it contains.
    pub claims: Vec<&'a str>,
}

impl Consent<'_> {
    /// The page.
    #[must_use]
    pub fn render(&self) -> Page {
        let words = self.words;
        let body = html! {
            p { (fill(words.consent_what, &[("issuer", self.issuer), ("wallet", self.wallet)])) }
            @for (place, credential) in self.credentials.iter().enumerate() { (credential.render(words, place)) }
            (self.parties())
            form.actions method="post" action=(self.action) {
                (hidden(self.interaction, self.form_token))
                button id="approve" name="decision" value="approve" { (words.approve) }
                button.second id="deny" name="decision" value="deny" { (words.deny) }
            }
        };
        let style = self.credentials.iter().enumerate().fold(String::new(), |mut style, (place, credential)| {
            if let Some(color) = credential.color.filter(|color| is_color(color)) {
                let _infallible = write!(style, ".swatch{place}{{background:{color}}}");
            }
            style
        });
        let (words, issuer, leads_to) = (self.words, self.issuer, self.leads_to.as_deref());
        Frame { words, issuer, title: words.consent, body, style, leads_to, refresh: None }.render()
    }

    fn parties(&self) -> Markup {
        let words = self.words;
        html! {
            section.card {
                dl {
                    dt { (words.wallet) }
                    dd {
                        (self.wallet)
                        @if self.wallet != self.client_id { div.note { (self.client_id) } }
                        @match self.attester {
                            Some(attester) => div.note.good { (fill(words.attested, &[("attester", attester)])) },
                            None => div.note { (words.not_attested) },
                        }
                    }
                    dt { (words.returns_to) }
                    dd id="returns-to" { (self.destination) }
                    dt { (words.issued_by) }
                    dd { (self.issuer) }
                }
            }
        }
    }
}

impl Credential<'_> {
    fn render(&self, words: &Words, place: usize) -> Markup {
        let heading = format!("credential-{place}");
        html! {
            section.card aria-labelledby=(heading) {
                div.credential {
                    span class=(format!("swatch swatch{place}")) {}
                    // Images are data: an SVG within one runs nothing and loads nothing.
                    @if let Some(logo) = self.logo.filter(|logo| logo.starts_with("data:image/")) {
                        img src=(logo) alt="";
                    }
                    div {
                        h2 id=(heading) { (self.name) }
                        @if let Some(description) = self.description { p { (description) } }
                    }
                }
                div.note { (words.contains) }
                ul { @for claim in &self.claims { li { (words.claim(claim)) } } }
            }
        }
    }
}

fn is_color(text: &str) -> bool {
    text.len() == 7 && text.starts_with('#') && text.bytes().skip(1).all(|b| b.is_ascii_hexdigit())
}
