//! Compares the features of a provider's manifest with its areas: each area is one, and brings those whose models it uses.

use cargo_metadata::Package;

use super::plan::Layer;

/// What is wrong with the manifest, each with its cure.
pub(super) fn offenses(package: &Package, layer: &Layer) -> Vec<String> {
    let mut offenses = Vec::new();
    let name = &package.name;
    let shown = &package.metadata["docs"]["rs"]["features"];
    let is_area = |name: &str| layer.areas.iter().any(|area| area.name == name);
    for area in &layer.areas {
        let feature = &area.name;
        let brought = package.features.get(feature).cloned().unwrap_or_default();
        let lacks = area.needs.iter().any(|need| !brought.contains(need));
        let exceeds = brought
            .iter()
            .any(|it| is_area(it) && !area.needs.contains(it));
        if lacks || exceeds || !package.features.contains_key(feature) {
            let needs: Vec<_> = area
                .needs
                .iter()
                .map(|need| format!("\"{need}\""))
                .collect();
            offenses.push(format!(
                "{name}: `[features]` has no `{feature} = [{}]`: put it into crates/{name}/Cargo.toml",
                needs.join(", ")
            ));
        }
        let is_shown = shown
            .as_array()
            .is_some_and(|shown| shown.iter().any(|it| it == feature.as_str()));
        if !is_shown {
            offenses.push(format!(
                "{name}: docs.rs would not show `{feature}`: add it to `[package.metadata.docs.rs]` of crates/{name}/Cargo.toml"
            ));
        }
    }
    offenses
}
