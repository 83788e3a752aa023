#[tokio::test]
async fn a_renewal_is_the_row_s() {
    let server = server(json(200, &token(1))).await;
    let clock = ManualClock::new();
    let client = client(&server.uri())
        .settings(Settings::new().clock(clock.clone()))
        .build()
        .expect("a client");
    probe(&client).await.expect("an answer");
    clock.advance(Duration::from_secs(3600));
    probe(&client).await.expect("an answer");
    let seen = requests(&server).await;
    let [_, _, renewal, call] = seen.as_slice() else {
        panic!("four requests, not {}", seen.len())
    };
    assert_token_request(&server, renewal, {{renewal_body}});
    assert_call(&server, call);
}
