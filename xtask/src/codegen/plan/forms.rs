//! Makes the form of a model in which updates say it: each field is kept, cleared or set.

use super::{Field, MODEL, Model};

/// The same model as the body of an update. Where `keeps`, what is left out keeps its value, so nothing is required.
pub(super) fn update(mut model: Model, keeps: bool) -> Model {
    model.optional.iter_mut().for_each(change);
    if keeps {
        model.required.iter_mut().for_each(change);
        let required = std::mem::take(&mut model.required);
        model.optional.splice(0..0, required);
    }
    // The provider sets these.
    model.read_only.clear();
    model
}

/// Makes a field one that can be left out, cleared or set.
fn change(field: &mut Field) {
    let rust = &mut field.rust;
    let inner = rust
        .text
        .strip_prefix("Option<")
        .and_then(|it| it.strip_suffix('>'));
    let inner = inner.unwrap_or(&rust.text);
    rust.text = format!("Change<{inner}>");
    rust.uses.insert(format!("{MODEL}::Change"));
}
