//! Many who come at once keep nobody out.

use tokio::io::AsyncWriteExt as _;

use super::{Waiting, exchange, refusal, rest};

#[tokio::test]
async fn idle_connections_do_not_keep_the_callback_out_and_the_oldest_are_told_to_go() {
    let waiting = Waiting::start().await;
    let mut idle = Vec::new();
    for _ in 0..300 {
        idle.push(waiting.connect().await);
    }
    waiting.send(waiting.get("/favicon.ico")).await;
    let expected = refusal(
        "429 Too Many Requests",
        "",
        "There are too many connections.\n",
    );
    assert_eq!(rest(&mut idle[0]).await, expected);
    assert_eq!(rest(&mut idle[200]).await, expected);
    waiting.still_waits("a crowd").await;
    assert_eq!(rest(&mut idle[299]).await, "", "closed with the wait");
}

#[tokio::test]
async fn a_callback_is_read_before_a_crowd_behind_it_pushes_it_out() {
    let waiting = Waiting::start().await;
    let target = format!("/callback?code=c-1&state={}", waiting.state);
    let mut first = waiting.connect().await;
    first
        .write_all(waiting.get(&target).as_bytes())
        .await
        .expect("sent");
    // All of them are in the queue before the listener is asked again: this test has one thread.
    let crowd: Vec<_> = (0..100)
        .map(|_| std::net::TcpStream::connect(("127.0.0.1", waiting.port)).expect("open"))
        .collect();
    let page = rest(&mut first).await;
    assert!(page.starts_with("HTTP/1.1 200 OK\r\n"), "{page}");
    waiting.end().await.expect("a code");
    drop(crowd);
}

#[tokio::test]
async fn of_many_good_callbacks_at_once_one_is_taken() {
    let waiting = Waiting::start().await;
    let target = format!("/callback?code=c-1&state={}", waiting.state);
    let request = waiting.get(&target);
    let mut streams = Vec::new();
    for _ in 0..20 {
        streams.push(waiting.connect().await);
    }
    let tasks: Vec<_> = streams
        .into_iter()
        .map(|mut stream| {
            let request = request.clone();
            tokio::spawn(async move {
                let mut answer = Vec::new();
                // Whoever comes too late is cut off.
                let _ = stream.write_all(request.as_bytes()).await;
                let _ = tokio::io::AsyncReadExt::read_to_end(&mut stream, &mut answer).await;
                String::from_utf8(answer).expect("text")
            })
        })
        .collect();
    let mut taken = 0;
    for task in tasks {
        let answer = task.await.expect("no panic");
        taken += usize::from(answer.starts_with("HTTP/1.1 200 OK\r\n"));
    }
    assert_eq!(taken, 1);
    waiting.end().await.expect("a code");
}

#[tokio::test]
async fn a_client_that_does_not_read_or_close_holds_up_nothing() {
    let waiting = Waiting::start().await;
    let mut rude = waiting.connect().await;
    let favicon = waiting.get("/favicon.ico");
    rude.write_all(favicon.as_bytes()).await.expect("sent");
    let target = format!("/callback?code=c-1&state={}", waiting.state);
    let request = waiting.get(&target);
    let mut last = waiting.connect().await;
    last.write_all(request.as_bytes()).await.expect("sent");
    // Neither is read or closed; the clock stands still.
    waiting.end().await.expect("a code");
    let page = rest(&mut last).await;
    assert!(page.contains("Sign-in approved"), "{page}");
    drop(rude);
}

#[tokio::test]
async fn bytes_behind_the_head_change_nothing() {
    let waiting = Waiting::start().await;
    let target = format!("/callback?code=c-1&state={}", waiting.state);
    let request = format!("{}{}", waiting.get(&target), waiting.get("/favicon.ico"));
    let page = exchange(waiting.connect().await, request.as_bytes()).await;
    assert!(page.contains("Sign-in approved"), "{page}");
    assert!(!page.contains("404"), "{page}");
    waiting.end().await.expect("a code");
}
