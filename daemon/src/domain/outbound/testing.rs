//! A network of answers that a test has told.

use std::collections::HashMap;
use std::sync::Mutex;

use futures_util::future::BoxFuture;
use serde_json::Value;

use super::{Answer, Ask, Body, NoAnswer, Outbound};

/// URL, body and secret header.
type Request = (String, Option<String>, Option<String>);

/// What a test tells the network to answer, by URL, and what it was asked.
#[derive(Default)]
pub(crate) struct Network {
    answers: Mutex<HashMap<String, Result<Told, String>>>,
    asked: Mutex<Vec<Request>>,
}

/// An answer.
#[derive(Clone)]
struct Told {
    status: u16,
    media_type: &'static str,
    location: Option<String>,
    body: String,
}

impl Network {
    pub(crate) fn answer(&self, url: &str, status: u16, body: &Value) {
        self.text(url, status, "application/json", &body.to_string());
    }

    pub(crate) fn text(&self, url: &str, status: u16, media_type: &'static str, body: &str) {
        self.tell(url, Ok(Told { status, media_type, location: None, body: body.into() }));
    }

    pub(crate) fn redirect(&self, url: &str, status: u16, to: &str) {
        self.tell(url, Ok(Told { status, media_type: "", location: Some(to.into()), body: String::new() }));
    }

    pub(crate) fn down(&self, url: &str) {
        self.tell(url, Err("no answer".into()));
    }

    fn tell(&self, url: &str, told: Result<Told, String>) {
        self.answers.lock().unwrap().insert(url.into(), told);
    }

    /// URL, body and secret header of the requests since the last look.
    pub(crate) fn asked(&self) -> Vec<Request> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }
}

impl Outbound for Network {
    fn ask<'a>(&'a self, ask: Ask<'a>) -> BoxFuture<'a, Result<Answer, NoAnswer>> {
        let header = ask.header.map(|(_, value)| String::from_utf8(value.expose().to_vec()).unwrap());
        let body = ask.body.map(|(Body::Form(text) | Body::Json(text))| text);
        self.asked.lock().unwrap().push((ask.url.to_owned(), body, header));
        let answer = self.answers.lock().unwrap().get(ask.url).cloned();
        Box::pin(async move {
            tokio::task::yield_now().await;
            let Told { status, media_type, location, body } = match answer {
                Some(Ok(told)) => told,
                Some(Err(reason)) => return Err(NoAnswer { reason, lasting: false }),
                None => return Ok(Answer { status: 404, ..Answer::default() }),
            };
            let body = body.into_bytes();
            Ok(Answer { status, media_type: media_type.into(), location, retry_after: None, body })
        })
    }
}
