//! Every operation and every model of the typed layer, on the sandbox.

use vendor_sandbox::{Host, Sandbox};
use walk::Provider;

use super::fixture::{in_sandbox, once};
use super::generated::{exercises, specimens};

#[test]
fn every_operation_round_trips_on_the_sandbox() {
    let client = async |sandbox: Sandbox, _: Host| {
        let builder = in_sandbox(&sandbox).await.settings(once());
        let client = builder.build().unwrap();
        client.sign_in().await.unwrap();
        client
    };
    walk::call_every_operation(Provider::{{Title}}, &exercises(), client);
}

#[test]
fn every_model_writes_what_it_read() {
    walk::read_every_model(Provider::{{Title}}, &specimens());
}
