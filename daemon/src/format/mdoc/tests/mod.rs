pub(super) mod support;

mod consistency;
mod credentials;
mod golden;
mod mappings;
mod speed;
