//! The suite for token stores: a good store passes, and each fault is found by the rule that it breaks.

use std::sync::Arc;

use auth_core::{MemoryStore, check_token_store};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::flawed::{Fault, Flawed, Place};

/// So many suites run at once: more would be late because of each other.
const AT_ONCE: usize = 16;

/// Each fault with the rules that must find it; those with which calls run out of time come first, so that the others
/// have their turn meanwhile.
const FAULTS: &[(Fault, &[&str])] = &[
    (Fault::LoadHangs, &["nothing yet"]),
    (Fault::ReleaseHangs, &["keys", "exclusion"]),
    (Fault::NeverUnlocks, &["exclusion"]),
    (Fault::NoTakeover, &["lease", "late holder"]),
    (Fault::WaitersLeaseCounts, &["exclusion"]),
    (Fault::LockBlocks, &["dropped lock"]),
    (Fault::SaveStaysBusy, &["dropped save"]),
    (Fault::SaveBlocks, &["round trip"]),
    (Fault::OneLockForAll, &["keys"]),
    (Fault::JoinsKeys, &["keys"]),
    (Fault::LowersKeys, &["keys"]),
    (Fault::CutsKeys, &["keys"]),
    (Fault::LockStaysWhenDropped, &["dropped lock"]),
    (Fault::QueueStaysWhenDropped, &["dropped lock"]),
    (Fault::OpenPanics, &["open"]),
    (Fault::HandlePanics, &["open"]),
    (Fault::OpenClears, &["reopened"]),
    (
        Fault::NothingShared,
        &["one place", "round trip", "exclusion"],
    ),
    (Fault::InventsTokens, &["nothing yet"]),
    (Fault::LoadFails, &["nothing yet", "keys"]),
    (Fault::ForgetsMark, &["round trip"]),
    (Fault::ForgetsMilliseconds, &["round trip"]),
    (Fault::ForgetsExpired, &["round trip"]),
    (Fault::ForgetsScope, &["round trip"]),
    (Fault::KeepsOldRefreshToken, &["round trip"]),
    (Fault::CutsTokens, &["large tokens"]),
    (Fault::CutsOversized, &["large tokens"]),
    (Fault::RoundsNumbers, &["great numbers"]),
    (Fault::SignedNumbers, &["great numbers"]),
    (
        Fault::IgnoresExpected,
        &[
            "wrong number",
            "one winner",
            "no lost update",
            "late holder",
        ],
    ),
    (Fault::NoneOverwrites, &["wrong number"]),
    (Fault::WritesSuperseded, &["wrong number"]),
    (Fault::GreaterWins, &["wrong number"]),
    (Fault::TwoSteps, &["one winner", "no lost update"]),
    (Fault::SavePanics, &["round trip"]),
    (Fault::SaveFailsOddly, &["round trip"]),
    (Fault::SaveTears, &["dropped save"]),
    (Fault::RefusesOddKeys, &["keys"]),
    (Fault::NoExclusion, &["exclusion", "lease", "late holder"]),
    (Fault::NoExclusionInHandle, &["exclusion"]),
    (
        Fault::NoExclusionAcrossHandles,
        &["exclusion", "rounds under the lock"],
    ),
    (Fault::ReleaseFails, &["keys", "exclusion"]),
    (Fault::GuardPanics, &["exclusion"]),
    (Fault::LockGivesUp, &["exclusion"]),
    (Fault::EarlyTakeover, &["lease"]),
    (Fault::AllTakeOver, &["lease"]),
    (Fault::FreesAnyLock, &["late holder"]),
    (Fault::DebugShowsTokens, &["secrecy"]),
    (Fault::DebugShowsBytes, &["secrecy"]),
    (Fault::DebugPanics, &["secrecy"]),
    (Fault::ErrorShowsTokens, &["secrecy"]),
];

async fn findings(fault: Fault) -> Vec<String> {
    let place = Arc::new(Place::default());
    check_token_store(|| Flawed::open(&place, fault)).await
}

#[tokio::test]
async fn the_memory_store_conforms_on_one_thread() {
    let place = MemoryStore::new();
    assert_eq!(check_token_store(|| place.clone()).await, [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_memory_store_conforms_on_many_threads() {
    let place = MemoryStore::new();
    assert_eq!(check_token_store(|| place.clone()).await, [""; 0]);
}

#[tokio::test]
async fn the_store_that_the_faults_are_put_into_conforms() {
    assert_eq!(findings(Fault::None).await, [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_fault_is_found_by_the_rules_that_it_breaks() {
    let turns = Arc::new(Semaphore::new(AT_ONCE));
    let mut suites = JoinSet::new();
    for (fault, rules) in FAULTS {
        let turns = Arc::clone(&turns);
        suites.spawn(async move {
            let _turn = turns.acquire().await.expect("turns are not closed");
            (*fault, *rules, findings(*fault).await)
        });
    }
    let mut missed = Vec::new();
    for (fault, rules, findings) in suites.join_all().await {
        println!("{fault:?}: {findings:#?}");
        for sentence in &findings {
            assert!(!sentence.contains("canary"), "{fault:?}: {sentence}");
            assert!(
                !sentence.contains(char::is_control),
                "{fault:?}: {sentence}"
            );
        }
        for rule in rules {
            let start = format!("{rule}: ");
            if !findings.iter().any(|sentence| sentence.starts_with(&start)) {
                missed.push(format!("{fault:?} by `{rule}`: {findings:#?}"));
            }
        }
    }
    assert!(missed.is_empty(), "not found:\n{}", missed.join("\n"));
}

#[test]
fn without_a_runtime_the_suite_says_so() {
    let mut suite = Box::pin(check_token_store(MemoryStore::new));
    let findings = futures_util::FutureExt::now_or_never(suite.as_mut());
    let findings = findings.expect("no runtime is waited for");
    assert!(findings[0].starts_with("open: "), "{findings:?}");
}
