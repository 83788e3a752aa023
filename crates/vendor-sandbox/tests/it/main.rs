//! The sandbox over real HTTP, as its users meet it.

mod client;
mod comm100;
mod communic8;
mod consent;
mod environment;
mod faults;
mod recording;
mod refusals;
mod resources;
mod tokens;
mod webcommander;
