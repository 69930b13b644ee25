//! The form of an auth hook: its texts are the plugin's, its look is ours.

use maud::{Markup, html};

use super::words::Words;
use super::{Frame, Page, hidden};

/// Longest text of a hook that is shown, in characters.
const LONGEST: usize = 2000;
/// What stands before the name of a field, so that none can pose as one of ours.
pub const PREFIX: &str = "field.";

/// What the page of a form shows.
pub struct FormPage<'a> {
    /// Texts.
    pub words: &'static Words,
    /// Who issues.
    pub issuer: &'a str,
    /// The interaction.
    pub interaction: &'a str,
    /// What its forms send back.
    pub form_token: &'a str,
    /// Where the form goes.
    pub action: &'a str,
    /// Where a refusal leads, for the content security policy.
    pub leads_to: Option<String>,
    /// Heading.
    pub title: &'a str,
    /// What is asked, and why.
    pub text: Option<&'a str>,
    /// What was wrong the last time.
    pub problem: Option<&'a str>,
    /// Text of the button.
    pub submit: Option<&'a str>,
    /// Fields.
    pub fields: Vec<Field<'a>>,
}

/// A field.
pub struct Field<'a> {
    /// Its name.
    pub name: &'a str,
    /// `text`, `password` and so on; one that is unknown is a text.
    pub kind: &'a str,
    /// Its label.
    pub label: &'a str,
    /// A sentence about it.
    pub help: Option<&'a str>,
    /// What stands in it.
    pub value: Option<&'a str>,
    /// Whether it must be filled in.
    pub required: bool,
    /// Most characters.
    pub max_length: Option<u32>,
    /// Of a choice: value and label.
    pub choices: &'a [(String, String)],
}

impl FormPage<'_> {
    /// The page.
    #[must_use]
    pub fn render(&self) -> Page {
        let words = self.words;
        let body = html! {
            @if let Some(problem) = self.problem { p.problem id="problem" role="alert" { (shown(problem)) } }
            @if let Some(text) = self.text { p { (shown(text)) } }
            form method="post" action=(self.action) {
                (hidden(self.interaction, self.form_token))
                div.card {
                    @for (place, field) in self.fields.iter().enumerate() { (field.render(words, place)) }
                }
                div.actions {
                    button id="submit" { (self.submit.map_or_else(|| words.send.to_owned(), shown)) }
                    button.second id="cancel" name="cancel" value="1" formnovalidate { (words.cancel) }
                }
            }
        };
        let title = shown(self.title);
        let (words, issuer, leads_to) = (self.words, self.issuer, self.leads_to.as_deref());
        Frame { words, issuer, title: &title, body, style: String::new(), leads_to, refresh: None }.render()
    }
}

impl Field<'_> {
    fn render(&self, words: &Words, place: usize) -> Markup {
        let (id, name) = (format!("field-{place}"), format!("{PREFIX}{}", self.name));
        let help = self.help.map(|_| format!("help-{place}"));
        html! {
            div.field {
                @if self.kind == "checkbox" {
                    label for=(id) {
                        input type="checkbox" id=(id) name=(name) value="true" checked[self.value == Some("true")]
                            required[self.required] aria-describedby=[&help];
                        (shown(self.label))
                    }
                } @else {
                    label for=(id) {
                        (shown(self.label))
                        @if !self.required { " " span.note { "(" (words.optional) ")" } }
                    }
                    @if self.kind == "choice" { (self.choice(&id, &name, help.as_deref())) }
                    @else { (self.input(&id, &name, help.as_deref())) }
                }
                @if let (Some(help), Some(text)) = (&help, self.help) { p.note id=(help) { (shown(text)) } }
            }
        }
    }

    fn choice(&self, id: &str, name: &str, help: Option<&str>) -> Markup {
        html! {
            select id=(id) name=(name) required[self.required] aria-describedby=[help] {
                @if self.value.is_none() { option value="" {} }
                @for (value, label) in self.choices {
                    option value=(value) selected[self.value == Some(value)] { (shown(label)) }
                }
            }
        }
    }

    fn input(&self, id: &str, name: &str, help: Option<&str>) -> Markup {
        let (kind, mode, complete) = match self.kind {
            "password" => ("password", None, "off"),
            "email" => ("email", None, "email"),
            "tel" => ("tel", None, "tel"),
            "date" => ("date", None, "off"),
            // Not type=number: a browser would change what was typed.
            "number" => ("text", Some("decimal"), "off"),
            "one-time-code" => ("text", Some("numeric"), "one-time-code"),
            _ => ("text", None, "off"),
        };
        // What was typed into a password field is not sent to the browser again.
        let value = self.value.filter(|_| kind != "password");
        html! {
            input id=(id) name=(name) type=(kind) inputmode=[mode] autocomplete=(complete) value=[value]
                required[self.required] maxlength=[self.max_length] aria-describedby=[help];
        }
    }
}

fn shown(text: &str) -> String {
    text.chars().take(LONGEST).collect()
}
