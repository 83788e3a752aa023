//! The file store passes the suite for token stores.

use auth_core::{FileStore, check_token_store};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_file_store_conforms() {
    let home = tempfile::tempdir().expect("a temporary directory");
    let open = || FileStore::open(home.path().join("tokens")).expect("a store");
    let findings = check_token_store(open).await;
    assert!(findings.is_empty(), "{findings:#?}");
}
