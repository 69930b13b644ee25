//! The pages that a person sees, rendered on the server: HTML that needs no script and loads nothing.
//!
//! Every text of others is escaped by the templates. Styles are in the page and allowed by their hash, so the content security policy
//! forbids everything else.

pub mod consent;
pub mod form;
pub mod login;
pub mod message;
pub mod words;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::base::secret::sha256;
use words::Words;

const STYLE: &str = include_str!("style.css");

/// A page, ready to be sent.
pub struct Page {
    /// The document.
    pub html: String,
    /// Its content security policy.
    pub policy: String,
    /// Its language.
    pub language: &'static str,
}

/// What goes into the frame that all pages share.
pub(crate) struct Frame<'a> {
    pub(crate) words: &'static Words,
    /// Who issues; stands above the heading.
    pub(crate) issuer: &'a str,
    pub(crate) title: &'a str,
    pub(crate) body: Markup,
    /// Rules of this page alone; no text of others.
    pub(crate) style: String,
    /// Where a form of this page may lead besides this issuer: browsers check redirects that follow a form, too.
    pub(crate) leads_to: Option<&'a str>,
    /// Where the page goes by itself.
    pub(crate) refresh: Option<&'a str>,
}

impl Frame<'_> {
    pub(crate) fn render(self) -> Page {
        let style = format!("{STYLE}{}", self.style);
        let hash = STANDARD.encode(sha256(style.as_bytes()));
        let refresh = self.refresh.map(|to| format!("0;url={to}"));
        let document = html! {
            (DOCTYPE)
            html lang=(self.words.language) {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width,initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    meta name="robots" content="noindex";
                    @if let Some(refresh) = &refresh { meta http-equiv="refresh" content=(refresh); }
                    title { (self.title) " – " (self.issuer) }
                    style { (PreEscaped(&style)) }
                }
                body {
                    main {
                        header { (self.issuer) }
                        h1 { (self.title) }
                        (self.body)
                    }
                }
            }
        };
        let form_action = match self.leads_to {
            None => "'self'".to_owned(),
            Some(place) => format!("'self' {place}"),
        };
        let policy = format!(
            "default-src 'none'; style-src 'sha256-{hash}'; img-src data:; form-action {form_action}; \
             frame-ancestors 'none'; base-uri 'none'"
        );
        Page { html: document.into_string(), policy, language: self.words.language }
    }
}

/// Hidden fields that every form of an interaction sends.
pub(crate) fn hidden(interaction: &str, form_token: &str) -> Markup {
    html! {
        input type="hidden" name="interaction" value=(interaction);
        input type="hidden" name="form_token" value=(form_token);
    }
}
