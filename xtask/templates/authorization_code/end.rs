#[tokio::test]
async fn the_end_of_the_token_wants_a_person() {
    let server = server(json(200, &token(1))).await;
    let clock = ManualClock::new();
    let client = client(&server.uri())
        .settings(Settings::new().clock(clock.clone()))
        .build()
        .expect("a client");
    probe(&client).await.expect("an answer");
    clock.advance(Duration::from_secs(3600));
    let error = probe(&client).await.expect_err("no token");
    assert_eq!(error.kind(), ErrorKind::Reauthorize);
    assert_eq!(requests(&server).await.len(), 2);
}
