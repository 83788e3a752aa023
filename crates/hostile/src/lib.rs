//! The hostile battery: every vendor and grant against answers and transports that mean harm, as one table.
//!
//! `cases` is the table, a file a family; `way` lists who signs in how. `run` plays one case to one client and says what
//! came of it, `battery` plays all of them in processes of their own, compares with the table and with
//! `docs/hostile.md`. The server is ours down to the bytes: `vendor` listens, `play` performs.
#![cfg(test)]

mod battery;
mod bomb;
mod case;
mod cases;
mod certificates;
mod clock;
mod page;
mod play;
mod run;
mod secrets;
mod vendor;
mod way;
mod worker;
