//! Collects the rows of an audience and builds its router.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::handler::Handler;
use axum::http::HeaderValue;
use axum::routing::{MethodFilter, MethodRouter};

use super::Edge;
use super::audience::Audience;
use super::endpoint::{Endpoint, Place, Run, Stray};
use crate::domain::event::Operation;

/// Rows so far.
pub(super) struct Table<S> {
    edge: Arc<Edge>,
    audience: Audience,
    /// What stands before the path of each row, escaped for the router.
    prefix: String,
    /// Longest body of the rows that follow, in bytes.
    limit: usize,
    paths: Vec<Path<S>>,
}

/// The methods of one path.
struct Path<S> {
    pattern: String,
    route: &'static str,
    methods: Vec<(&'static str, Option<Operation>)>,
    router: MethodRouter<S>,
}

impl<S: Clone + Send + Sync + 'static> Path<S> {
    fn add<H: Handler<T, S>, T: 'static>(
        &mut self,
        (filter, method): (MethodFilter, &'static str),
        operation: Option<Operation>,
        serve: H,
    ) {
        // The router would panic on a second handler for one method and path; the first row stands.
        if !self.methods.iter().any(|(known, _)| *known == method) {
            self.methods.push((method, operation));
            self.router = std::mem::take(&mut self.router).on(filter, serve);
        }
    }
}

/// Where a row lives and what it is called in metrics and logs.
pub(super) struct At {
    pattern: String,
    route: &'static str,
}

impl At {
    /// `path` exactly, named `route`.
    pub(super) fn exactly(path: &str, route: &'static str) -> Self {
        Self { pattern: escaped(path), route }
    }
}

/// Braces are the router's wildcards; in a configured path they are themselves.
fn escaped(path: &str) -> String {
    path.replace('{', "{{").replace('}', "}}")
}

impl<S: Clone + Send + Sync + 'static> Table<S> {
    /// An empty table whose paths start with `prefix`, and whose bodies have at most `limit` bytes.
    pub(super) fn new(edge: Arc<Edge>, audience: Audience, prefix: &str, limit: usize) -> Self {
        Self { edge, audience, prefix: escaped(prefix), limit, paths: Vec::new() }
    }

    /// Sets the longest body of the rows that follow, in bytes.
    pub(super) fn body_limit(mut self, bytes: usize) -> Self {
        self.limit = bytes;
        self
    }

    /// A document. It is not read to the end for a client that hung up.
    pub(super) fn get<H: Handler<T, S>, T: 'static>(
        self,
        path: &'static str,
        operation: Operation,
        handler: H,
    ) -> Self {
        let at = self.below(path);
        self.get_at(at, operation, handler)
    }

    /// A document at a place of its own.
    pub(super) fn get_at<H: Handler<T, S>, T: 'static>(self, at: At, operation: Operation, handler: H) -> Self {
        self.row(at, (MethodFilter::GET, "GET"), Some(operation), Run::WhileAwaited, handler)
    }

    /// A link that does something: a step of a person, run to its end.
    pub(super) fn visit<H: Handler<T, S>, T: 'static>(
        self,
        path: &'static str,
        operation: Operation,
        handler: H,
    ) -> Self {
        let at = self.below(path);
        self.row(at, (MethodFilter::GET, "GET"), Some(operation), Run::ToItsEnd, handler)
    }

    /// A question about the process itself, which is no operation; logged at `debug`.
    pub(super) fn probe<H: Handler<T, S>, T: 'static>(self, path: &'static str, handler: H) -> Self {
        let at = self.below(path);
        self.row(at, (MethodFilter::GET, "GET"), None, Run::WhileAwaited, handler)
    }

    /// Something that writes: once its body has arrived it runs to its end, whatever the client does.
    pub(super) fn post<H: Handler<T, S>, T: 'static>(
        self,
        path: &'static str,
        operation: Operation,
        handler: H,
    ) -> Self {
        let at = self.below(path);
        self.row(at, (MethodFilter::POST, "POST"), Some(operation), Run::ToItsEnd, handler)
    }

    /// A `POST` that writes nothing.
    pub(super) fn post_stateless<H: Handler<T, S>, T: 'static>(
        self,
        path: &'static str,
        operation: Operation,
        handler: H,
    ) -> Self {
        let at = self.below(path);
        self.row(at, (MethodFilter::POST, "POST"), Some(operation), Run::WhileAwaited, handler)
    }

    /// A replacement, run to its end.
    pub(super) fn put<H: Handler<T, S>, T: 'static>(
        self,
        path: &'static str,
        operation: Operation,
        handler: H,
    ) -> Self {
        let at = self.below(path);
        self.row(at, (MethodFilter::PUT, "PUT"), Some(operation), Run::ToItsEnd, handler)
    }

    /// A deletion, run to its end.
    pub(super) fn delete<H: Handler<T, S>, T: 'static>(
        self,
        path: &'static str,
        operation: Operation,
        handler: H,
    ) -> Self {
        let at = self.below(path);
        self.row(at, (MethodFilter::DELETE, "DELETE"), Some(operation), Run::ToItsEnd, handler)
    }

    fn below(&self, path: &'static str) -> At {
        At { pattern: format!("{}{path}", self.prefix), route: path }
    }

    fn row<H: Handler<T, S>, T: 'static>(
        mut self,
        at: At,
        (filter, method): (MethodFilter, &'static str),
        operation: Option<Operation>,
        run: Run,
        handler: H,
    ) -> Self {
        let place = Place { edge: Arc::clone(&self.edge), audience: self.audience, route: at.route };
        let meters = place.edge.metrics.route(place.audience.listener(), at.route, method);
        let endpoint = Arc::new(Endpoint { place, method, operation, run, limit: self.limit, meters });
        let serve = move |State(state): State<S>, request: Request| {
            Arc::clone(&endpoint).serve(handler.clone(), state, request)
        };
        if let Some(path) = self.paths.iter_mut().find(|path| path.pattern == at.pattern) {
            path.add((filter, method), operation, serve);
        } else {
            let At { pattern, route } = at;
            let mut path = Path { pattern, route, methods: Vec::new(), router: MethodRouter::new() };
            path.add((filter, method), operation, serve);
            self.paths.push(path);
        }
        self
    }

    /// Method, path template and operation of each row.
    #[cfg(test)]
    pub(super) fn rows(&self) -> Vec<String> {
        let name = |operation: Option<Operation>| operation.map_or("-", Operation::name);
        let rows = |path: &Path<S>| {
            let row = |(method, operation): &(&str, _)| format!("{method} {} {}", path.pattern, name(*operation));
            path.methods.iter().map(row).collect::<Vec<_>>()
        };
        self.paths.iter().flat_map(rows).collect()
    }

    /// The router, with answers for other methods and other paths.
    pub(super) fn build(self) -> Router<S> {
        let stray = Stray { place: self.place("unmatched"), allow: None };
        self.build_rows().fallback(stray.into_handler())
    }

    fn place(&self, route: &'static str) -> Place {
        Place { edge: Arc::clone(&self.edge), audience: self.audience, route }
    }

    /// The router, with answers for other methods.
    pub(super) fn build_rows(self) -> Router<S> {
        // Segments that start with `:` or `*` are just that in a configured issuer path.
        let mut router = Router::new().without_v07_checks();
        let place = |route| Place { edge: Arc::clone(&self.edge), audience: self.audience, route };
        for path in self.paths {
            let allow = Some(allow(&path.methods, self.audience));
            let stray = Stray { place: place(path.route), allow };
            router = router.route(&path.pattern, path.router.fallback(stray.into_handler()));
        }
        router
    }
}

fn allow(methods: &[(&'static str, Option<Operation>)], audience: Audience) -> HeaderValue {
    let mut all: Vec<_> = methods.iter().map(|(method, _)| *method).collect();
    if all.contains(&"GET") {
        all.push("HEAD");
    }
    if audience.has_preflight() {
        all.push("OPTIONS");
    }
    HeaderValue::from_str(&all.join(", ")).unwrap_or(const { HeaderValue::from_static("") })
}
