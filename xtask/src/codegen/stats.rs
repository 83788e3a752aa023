//! Counts what the typed layers hold: by provider and area, and how much of it is documented.

use std::fmt::Write as _;

use super::exceptions::Exceptions;
use super::plan::{Answer, Area, Layer, Method, Place, State, Type};

/// How much the vendor's pages say of a number of things.
#[derive(Debug, Default)]
struct Tally {
    complete: usize,
    inferred: usize,
    open: usize,
}

impl Tally {
    fn add(&mut self, state: State) {
        match state {
            State::Complete => self.complete += 1,
            State::Inferred => self.inferred += 1,
            State::Open => self.open += 1,
        }
    }

    fn all(&self) -> usize {
        self.complete + self.inferred + self.open
    }
}

/// The table of one provider, and what it leaves out.
pub(super) fn table(provider: &str, layer: &Layer, exceptions: &Exceptions) -> String {
    let mut text = format!(
        "{provider:12}  operations  complete  inferred  open  models  complete  inferred  open  enums  longest\n"
    );
    let mut rows: Vec<_> = layer
        .areas
        .iter()
        .map(|area| (area.name.as_str(), row(area)))
        .collect();
    let sum = rows
        .iter()
        .fold(Row::default(), |sum, (_, row)| sum.plus(row));
    rows.push(("all", sum));
    for (
        name,
        Row {
            operations,
            models,
            enums,
            longest,
        },
    ) in &rows
    {
        let _ = writeln!(
            text,
            "  {name:10}  {:10}  {:8}  {:8}  {:4}  {:6}  {:8}  {:8}  {:4}  {enums:5}  {longest:7}",
            operations.all(),
            operations.complete,
            operations.inferred,
            operations.open,
            models.all(),
            models.complete,
            models.inferred,
            models.open,
        );
    }
    for left_out in &exceptions.left_out {
        let _ = writeln!(text, "  left out: {} ({})", left_out.what, left_out.why);
    }
    text
}

/// What one area holds.
#[derive(Debug, Default)]
struct Row {
    operations: Tally,
    models: Tally,
    enums: usize,
    /// The most lines of one operation, with its parameters.
    longest: usize,
}

impl Row {
    fn plus(mut self, other: &Self) -> Self {
        for (sum, other) in [
            (&mut self.operations, &other.operations),
            (&mut self.models, &other.models),
        ] {
            sum.complete += other.complete;
            sum.inferred += other.inferred;
            sum.open += other.open;
        }
        self.enums += other.enums;
        self.longest = self.longest.max(other.longest);
        self
    }
}

fn row(area: &Area) -> Row {
    let mut row = Row::default();
    for resource in &area.resources {
        for method in &resource.methods {
            row.operations.add(state(method));
            row.longest = row.longest.max(super::render::lines_of(resource, method));
        }
        for item in &resource.types {
            match item {
                Type::Model(model) => row.models.add(model.state),
                Type::Events(_) | Type::Names(_) => row.enums += 1,
            }
        }
    }
    row
}

/// An operation is open if its body or answer has no known shape.
fn state(method: &Method) -> State {
    let bodies = method
        .arguments
        .iter()
        .filter(|it| matches!(it.place, Place::Body(_)));
    let mut shapes: Vec<_> = bodies.map(|it| it.rust.text.as_str()).collect();
    if let Answer::Model { rust, .. } = &method.answer {
        shapes.push(&rust.text);
    }
    if shapes.contains(&"Value") {
        return State::Open;
    }
    method.state
}
