//! Writes what tests need to call every operation and read every model: one line for each, without a hand-made list.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::plan::{Answer, Area, Argument, Layer, Method, Place, Rust, Type, Webhook};
use super::render::{Files, heading, imports};

/// Files by path below `tests/it/generated`.
pub(super) fn render(provider: &str, layer: &Layer) -> Files {
    let mut files = Files::new();
    files.insert("mod.rs".to_owned(), root(provider, layer));
    for area in &layer.areas {
        files.insert(format!("{}.rs", area.name), file(provider, area));
    }
    files
}

fn root(provider: &str, layer: &Layer) -> String {
    let mut text = heading("openapi/*.yaml");
    text.push_str("//! Every operation and every model of the enabled areas.\n\n");
    for area in &layer.areas {
        let _ = writeln!(text, "#[cfg(feature = \"{0}\")]\nmod {0};", area.name);
    }
    let mut lists = vec![
        ("Every operation.", "exercises", "Exercise<Client>"),
        ("Every model.", "specimens", "Specimen"),
    ];
    let mut kinds = "Exercise, Specimen";
    if layer.areas.iter().any(|area| !area.webhooks.is_empty()) {
        lists.push(("Every webhook.", "webhooks", "Posted"));
        kinds = "Exercise, Posted, Specimen";
    }
    let _ = write!(text, "\nuse {provider}::Client;\nuse walk::{{{kinds}}};\n");
    for (what, list, kind) in lists {
        let _ = writeln!(
            text,
            "\n/// {what}\npub(crate) fn {list}() -> Vec<{kind}> {{"
        );
        let _ = writeln!(text, "    let areas: &[&[{kind}]] = &[");
        let areas = layer.areas.iter();
        for area in areas.filter(|area| list != "webhooks" || !area.webhooks.is_empty()) {
            let name = &area.name;
            let constant = list.to_uppercase();
            let _ = writeln!(
                text,
                "        #[cfg(feature = \"{name}\")]\n        {name}::{constant},"
            );
        }
        text.push_str("    ];\n    areas.concat()\n}\n");
    }
    text
}

/// The operations and models of one area.
fn file(provider: &str, area: &Area) -> String {
    let mut uses = BTreeSet::from([
        format!("{provider}::Client"),
        "walk::Exercise".to_owned(),
        "walk::Specimen".to_owned(),
    ]);
    let mut body = String::from("\npub(super) const EXERCISES: &[Exercise<Client>] = &[\n");
    for resource in &area.resources {
        for method in &resource.methods {
            let call = format!("c.{}().{}()", area.name, resource.name);
            exercise(provider, &mut body, &mut uses, &call, method);
        }
    }
    body.push_str("];\n\npub(super) const SPECIMENS: &[Specimen] = &[\n");
    for item in area.resources.iter().flat_map(|it| &it.types) {
        if let Type::Model(model) = item
            && let Some(schema) = &model.schema
        {
            uses.insert(format!("super::{}", model.name));
            let _ = writeln!(
                body,
                "    Specimen::new({:?}, walk::reread::<{}>),",
                schema.replace(".yaml#", "#"),
                model.name
            );
        }
    }
    body.push_str("];\n");
    if !area.webhooks.is_empty() {
        uses.insert("walk::Posted".to_owned());
        body.push_str("\npub(super) const WEBHOOKS: &[Posted] = &[\n");
        for webhook in &area.webhooks {
            self::webhook(&mut body, &mut uses, area, webhook);
        }
        body.push_str("];\n");
    }
    let uses = uses
        .iter()
        .map(|path| from_outside(provider, area, path))
        .collect();
    let mut text = heading(&format!("openapi/{}", area.file));
    let _ = writeln!(
        text,
        "//! Every operation and every model of {}.\n",
        area.title
    );
    imports(&mut text, &uses, &BTreeSet::new());
    text.push_str(&body);
    text
}

/// One webhook: its body read as itself, or as what tells it from others.
fn webhook(text: &mut String, uses: &mut BTreeSet<String>, area: &Area, webhook: &Webhook) {
    let name = format!("{}/{}", area.name, webhook.name);
    let read = match &webhook.variant {
        Some((kind, variant)) => {
            uses.insert(format!("super::{kind}"));
            format!(
                "{kind}::parse(body).map(|it| walk::told(it, |it| matches!(it, {kind}::{variant}(_))))"
            )
        }
        None => {
            import(uses, &webhook.body);
            uses.insert("auth_core::webhook".to_owned());
            format!(
                "webhook::parse::<{}>(body).map(|it| walk::told(it, |_| true))",
                webhook.body.text
            )
        }
    };
    let _ = writeln!(text, "    Posted::new({name:?}, |body| {read}),");
}

/// A path of the generated code as a test has it.
fn from_outside(provider: &str, area: &Area, path: &str) -> String {
    for (inside, outside) in [
        ("super::", format!("{provider}::{}::", area.name)),
        ("crate::", format!("{provider}::")),
        ("auth_core::", format!("{provider}::")),
    ] {
        if let Some(rest) = path.strip_prefix(inside) {
            return outside + rest;
        }
    }
    path.to_owned()
}

/// One operation: the arguments that were given, the parameters that were given, and what comes of it as JSON.
fn exercise(
    provider: &str,
    text: &mut String,
    uses: &mut BTreeSet<String>,
    handle: &str,
    method: &Method,
) {
    let given = method
        .arguments
        .iter()
        .filter(|it| !matches!(it.place, Place::Again(_)));
    let arguments: Vec<_> = given.map(|it| argument(provider, uses, it)).collect();
    let call = format!("{handle}.{}({})", method.name, arguments.join(", "));
    let given = if arguments.is_empty() && method.options.is_none() {
        "_"
    } else {
        "g"
    };
    let finish = |call: &str| match &method.answer {
        Answer::Download => format!("walk::download({call}.send())"),
        Answer::Empty => format!("walk::empty({call}.send())"),
        Answer::Exists => format!("walk::exists({call}.send())"),
        Answer::List { .. } => format!("walk::items({call}.stream())"),
        Answer::Model { keys, .. } => format!("walk::model({:?}, {call}.send())", keys.join("/")),
    };
    let Some(options) = &method.options else {
        let _ = writeln!(
            text,
            "    Exercise::new({:?}, |c, {given}| {}),",
            method.id,
            finish(&call)
        );
        return;
    };
    let _ = writeln!(
        text,
        "    Exercise::new({:?}, |c, g| {{\n        let call = {call};",
        method.id
    );
    for parameter in &options.parameters {
        import(uses, &parameter.rust);
        // A list is given as such, however it travels.
        let rust = crate_wide(provider, &parameter.rust.text).replace("Joined<", "Vec<");
        let _ = writeln!(
            text,
            "        let call = g.option(call, {:?}, |call, it: {rust}| call.{}(it));",
            parameter.key, parameter.name
        );
    }
    let _ = writeln!(text, "        {}\n    }}),", finish("call"));
}

fn argument(provider: &str, uses: &mut BTreeSet<String>, argument: &Argument) -> String {
    let rust = crate_wide(provider, &argument.rust.text);
    if !matches!(argument.place, Place::File(_)) {
        import(uses, &argument.rust);
    }
    match &argument.place {
        // It is no argument of its own.
        Place::Again(_) => String::new(),
        Place::Path(key) => format!("g.path::<{rust}>({key:?})"),
        Place::Query(key) => format!("g.query::<{rust}>({key:?})"),
        Place::Body(keys)
            if rust.starts_with("Vec<") || matches!(rust.as_str(), "bool" | "i64" | "f64") =>
        {
            format!("g.body::<{rust}>({:?})", keys.join("/"))
        }
        Place::Body(keys) => format!("&g.body::<{rust}>({:?})", keys.join("/")),
        Place::File(_) => "g.file()".to_owned(),
    }
}

fn import(uses: &mut BTreeSet<String>, rust: &Rust) {
    let used = rust.uses.iter().filter(|it| *it != "auth_core::Joined");
    uses.extend(used.cloned());
}

/// A type whose module is written out, as a test has it.
fn crate_wide(provider: &str, rust: &str) -> String {
    rust.replace("crate::", &format!("{provider}::"))
}
