mod configurations;
mod credentials;
mod mappings;
mod support;
