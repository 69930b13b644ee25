//! A browser without scripts: keeps cookies, reads forms, follows links only when told to.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use crate::{Answer, Request};

/// A browser with its own cookies.
#[derive(Debug, Clone)]
pub struct Browser {
    /// Where paths, and hosts that are no address, are.
    to: SocketAddr,
    /// By address and name.
    cookies: BTreeMap<(SocketAddr, String), String>,
}

impl Browser {
    /// An empty one.
    pub fn new(to: SocketAddr) -> Self {
        Self { to, cookies: BTreeMap::new() }
    }

    /// Follows a link; `target` is a URL or a path.
    pub fn get(&mut self, target: &str) -> Answer {
        self.send(target, Request::get(path(target)))
    }

    /// Sends a form.
    pub fn post(&mut self, target: &str, fields: &[(&str, &str)]) -> Answer {
        self.send(target, Request::post(path(target)).form(fields.iter().copied()))
    }

    /// Sends the form of a page with these fields besides the hidden ones.
    pub fn submit(&mut self, page: &Answer, fields: &[(&str, &str)]) -> Answer {
        let html = page.text();
        let action = between(&html, "method=\"post\" action=\"", "\"").expect("a form");
        let hidden = hidden(&html);
        let mut all: Vec<_> = hidden.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        all.extend(fields);
        self.post(&action, &all)
    }

    /// Follows redirects as long as they stay here; the last answer.
    pub fn follow(&mut self, mut answer: Answer) -> Answer {
        for _ in 0..5 {
            match answer.header("location").filter(|location| location.contains(&self.to.to_string())) {
                None => break,
                Some(location) => answer = self.get(location),
            }
        }
        answer
    }

    fn send(&mut self, target: &str, request: Request) -> Answer {
        let authority =
            target.split_once("://").map_or("", |(_, rest)| rest.split(['/', '?']).next().unwrap_or_default());
        let to = authority.parse().unwrap_or(self.to);
        let own = self.cookies.iter().filter(|((of, _), _)| *of == to);
        let cookies: Vec<_> = own.map(|((_, name), value)| format!("{name}={value}")).collect();
        let request = if cookies.is_empty() { request } else { request.header("Cookie", &cookies.join("; ")) };
        let answer = request.send(to);
        if let Some(cookie) = answer.header("set-cookie") {
            let (name, value) = cookie.split(';').next().unwrap_or_default().split_once('=').expect("a cookie");
            self.cookies.insert((to, name.to_owned()), value.to_owned());
        }
        answer
    }
}

/// The path of a URL of this machine.
fn path(target: &str) -> &str {
    target.split_once("://").map_or(target, |(_, rest)| rest.find('/').map_or("/", |at| &rest[at..]))
}

/// What stands between two texts.
pub fn between(text: &str, before: &str, after: &str) -> Option<String> {
    let (_, rest) = text.split_once(before)?;
    rest.split_once(after).map(|(found, _)| found.replace("&amp;", "&"))
}

/// The hidden fields of a page.
pub fn hidden(html: &str) -> Vec<(String, String)> {
    let inputs = html.split("<input type=\"hidden\" name=\"").skip(1);
    let mut found: Vec<(String, String)> = Vec::new();
    for input in inputs {
        let Some((name, rest)) = input.split_once("\" value=\"") else { continue };
        let value = rest.split('"').next().unwrap_or_default();
        if !found.iter().any(|(known, _)| known == name) {
            found.push((name.to_owned(), value.to_owned()));
        }
    }
    found
}
