//! Who are you?

use maud::html;

use super::words::{Words, fill};
use super::{Frame, Page, hidden};

/// What the login page shows.
pub struct Login<'a> {
    /// Texts.
    pub words: &'static Words,
    /// Who issues.
    pub issuer: &'a str,
    /// The wallet that asks.
    pub wallet: &'a str,
    /// The interaction.
    pub interaction: &'a str,
    /// What its forms send back.
    pub form_token: &'a str,
    /// Where the form goes.
    pub action: &'a str,
    /// Where a refusal leads, for the content security policy.
    pub leads_to: Option<String>,
    /// Providers: a URL of ours, and a name.
    pub providers: &'a [(String, String)],
    /// Names of test users.
    pub test_users: &'a [String],
}

impl Login<'_> {
    /// The page.
    #[must_use]
    pub fn render(&self) -> Page {
        let words = self.words;
        let body = html! {
            @if self.providers.is_empty() && self.test_users.is_empty() {
                p.problem role="alert" { (words.no_login) }
            } @else {
                p { (fill(words.login_why, &[("wallet", self.wallet)])) }
            }
            @if !self.providers.is_empty() {
                nav.card aria-labelledby="providers" {
                    h2 id="providers" { (words.choose_provider) }
                    ul.choices {
                        @for (url, name) in self.providers {
                            li { a.button href=(url) { (fill(words.continue_with, &[("provider", name)])) } }
                        }
                    }
                }
            }
            form method="post" action=(self.action) {
                (hidden(self.interaction, self.form_token))
                @if !self.test_users.is_empty() {
                    section.card aria-labelledby="test-users" {
                        h2 id="test-users" { (words.test_users) }
                        div.actions {
                            @for name in self.test_users {
                                button name="user" value=(name) { (name) }
                            }
                        }
                    }
                }
                button.second id="cancel" name="cancel" value="1" { (words.cancel) }
            }
        };
        let (words, issuer, leads_to) = (self.words, self.issuer, self.leads_to.as_deref());
        Frame { words, issuer, title: words.login, body, style: String::new(), leads_to, refresh: None }.render()
    }
}
