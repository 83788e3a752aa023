#[tokio::test]
async fn wrong_credentials_are_refused() {
    let sandbox = Sandbox::start().await.expect("a sandbox");
    let client = Client::builder(sandbox.url(Host::{{Title}}))
        .client_credentials(vendor_sandbox::credentials::{{NAME}}_CLIENT_ID, "wrong")
        .build()
        .expect("a client");
    let error = probe(&client).await.expect_err("a refusal");
    assert_eq!(error.kind(), ErrorKind::Unauthorized);
    assert_eq!(sandbox.refusals().len(), 1);
}
