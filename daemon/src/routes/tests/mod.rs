mod bodies;
mod endings;
mod headers;
mod paths;
mod support;
