//! The groups of measurements, by name.

mod cached;
mod crates;
mod decode;
pub(crate) mod memory;
mod pages;
pub(crate) mod request;
mod short;
mod start;
mod storm;
mod throughput;

use anyhow::{Context as _, Result, bail};

use crate::result::Group;

/// All groups, in the page's order.
pub(crate) const NAMES: &[&str] = &[
    "cached",
    "herd",
    "failing",
    "giving-up",
    "short",
    "request",
    "crates",
    "throughput",
    "decode",
    "pages",
    "memory",
    "renewals",
    "start",
];

/// The groups that were asked for, in their own order; all if none was.
pub(crate) fn chosen(wanted: &[&str]) -> Result<Vec<&'static str>> {
    if let Some(unknown) = wanted.iter().find(|wanted| !NAMES.contains(wanted)) {
        bail!(
            "there is no group `{unknown}`; there are {}",
            NAMES.join(", ")
        );
    }
    let is_chosen = |name: &&&str| wanted.is_empty() || wanted.contains(*name);
    Ok(NAMES.iter().filter(is_chosen).copied().collect())
}

/// Measures one group.
pub(crate) async fn measure(name: &str) -> Result<Group> {
    let mut group = match name {
        "cached" => cached::measure().await,
        "herd" => storm::herd().await,
        "failing" => storm::failing().await,
        "giving-up" => storm::giving_up().await,
        "short" => short::measure().await,
        "request" => request::measure(),
        "crates" => crates::measure(),
        "throughput" => throughput::measure().await,
        "decode" => decode::measure(),
        "pages" => pages::measure().await,
        "memory" => memory::measure(),
        "renewals" => memory::renewals().await,
        "start" => start::measure().await,
        other => bail!("there is no group `{other}`"),
    }
    .with_context(|| name.to_owned())?;
    group.setting = crate::machine::setting()?;
    Ok(group)
}

#[cfg(test)]
mod tests {
    use super::{NAMES, chosen};

    #[test]
    fn no_name_means_all_and_an_unknown_one_is_refused() {
        assert_eq!(chosen(&[]).ok().as_deref(), Some(NAMES));
        assert_eq!(chosen(&["start", "herd"]).ok(), Some(vec!["herd", "start"]));
        assert!(chosen(&["cold"]).is_err());
    }
}
