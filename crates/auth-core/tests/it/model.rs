//! Values and models: odd forms are read, what came goes back, and nothing that a server sends can panic.

mod answers;
mod generate;
mod models;
mod properties;
mod twins;
mod values;
