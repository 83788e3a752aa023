//! The sandbox over real HTTP, as its users meet it.

mod client;
mod comm100;
mod communic8;
mod consent;
mod documented;
mod environment;
mod faults;
mod lists;
mod openapi;
mod person;
mod recording;
mod records;
mod refusals;
mod resources;
mod tokens;
mod webcommander;
