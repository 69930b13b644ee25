//! Pages that only say something: an error, a refusal, a way on.

use maud::html;

use super::words::{Words, fill};
use super::{Frame, Page};

/// An error.
pub struct ErrorPage<'a> {
    /// Texts.
    pub words: &'static Words,
    /// Who issues.
    pub issuer: &'a str,
    /// What is wrong.
    pub what: &'a str,
    /// The request, for who looks into the log.
    pub request_id: Option<&'a str>,
}

impl ErrorPage<'_> {
    /// The page.
    #[must_use]
    pub fn render(&self) -> Page {
        let Self { words, issuer, .. } = *self;
        let body = html! {
            p id="error" role="alert" { (self.what) }
            p { (words.error_advice) }
            @if let Some(id) = self.request_id { p.note { (words.error_id) " " (id) } }
        };
        let style = String::new();
        Frame { words, issuer, title: words.error, body, style, leads_to: None, refresh: None }.render()
    }
}

/// An auth hook's refusal, and the way back to the wallet.
pub struct Refused<'a> {
    /// Texts.
    pub words: &'static Words,
    /// Who issues.
    pub issuer: &'a str,
    /// What the hook says.
    pub message: &'a str,
    /// Back to the wallet.
    pub location: &'a str,
}

impl Refused<'_> {
    /// The page.
    #[must_use]
    pub fn render(&self) -> Page {
        let Self { words, issuer, .. } = *self;
        let body = html! {
            p.problem id="refusal" role="alert" { (self.message) }
            a.button id="back" href=(self.location) { (words.back) }
        };
        let style = String::new();
        Frame { words, issuer, title: words.refused, body, style, leads_to: None, refresh: None }.render()
    }
}

/// A way on to a page of somebody else, after a form: browsers would stop a redirect there, since the policy of the page with the form
/// could not name the place.
pub struct Leaving<'a> {
    /// Texts.
    pub words: &'static Words,
    /// Who issues.
    pub issuer: &'a str,
    /// Where to.
    pub location: &'a str,
    /// What a person is told of it.
    pub place: &'a str,
}

impl Leaving<'_> {
    /// The page.
    #[must_use]
    pub fn render(&self) -> Page {
        let Self { words, issuer, location, place } = *self;
        let body = html! {
            p { (fill(words.leaving_to, &[("place", place)])) }
            a.button id="continue" href=(location) { (words.go_on) }
        };
        let refresh = Some(location);
        let style = String::new();
        Frame { words, issuer, title: words.leaving, body, style, leads_to: None, refresh }.render()
    }
}
