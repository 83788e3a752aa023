//! Compares the features of a provider's manifest with its areas: each area is one, and brings those whose models it uses.

use cargo_metadata::Package;

use super::plan::Layer;

/// What is wrong with the manifest, each with its cure.
pub(super) fn offenses(package: &Package, layer: &Layer) -> Vec<String> {
    let mut offenses = Vec::new();
    let name = &package.name;
    for area in &layer.areas {
        let feature = &area.name;
        let brought = package.features.get(feature).cloned().unwrap_or_default();
        let lacks = area.needs.iter().any(|need| !brought.contains(need));
        if lacks || !package.features.contains_key(feature) {
            let needs: Vec<_> = area
                .needs
                .iter()
                .map(|need| format!("\"{need}\""))
                .collect();
            offenses.push(format!(
                "{name}: `[features]` has no `{feature} = [{}]`: add it to crates/{name}/Cargo.toml",
                needs.join(", ")
            ));
        }
    }
    offenses
}
