//! Reads a page into the steps that its reader takes.

use anyhow::{Result, ensure};

/// What a page asks its reader to do.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Page {
    /// The block that starts the sandbox, if there is one.
    pub(super) sandbox: Option<String>,
    /// The blocks to run in a row.
    pub(super) steps: Vec<Step>,
    /// How many blocks are left to a person.
    pub(super) left: usize,
}

/// One block of commands, and what its output has.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Step {
    /// Where its fence stands.
    pub(super) line: usize,
    /// The commands, each with its line's end.
    pub(super) block: String,
    /// How lines of the output begin, in this order.
    pub(super) expected: Vec<String>,
}

impl Page {
    /// Takes the blocks out of the text of a page.
    pub(super) fn read(text: &str) -> Result<Self> {
        let mut page = Self::default();
        let mut lines = (1..).zip(text.lines());
        // Whether nothing but blank lines has come since a step.
        let mut is_after_step = false;
        while let Some((number, line)) = lines.next() {
            let Some(language) = line.strip_prefix("```") else {
                is_after_step &= line.is_empty();
                continue;
            };
            let block: Vec<&str> = lines
                .by_ref()
                .map(|(_, line)| line)
                .take_while(|line| *line != "```")
                .collect();
            let commands = || {
                block
                    .iter()
                    .flat_map(|line| [line, "\n"])
                    .collect::<String>()
            };
            match language {
                "sh" if block
                    .iter()
                    .any(|line| line.starts_with("cargo xtask sandbox")) =>
                {
                    ensure!(
                        block.len() == 1,
                        "line {number}: the sandbox has a block of its own"
                    );
                    ensure!(
                        page.sandbox.is_none(),
                        "line {number}: there is a sandbox already"
                    );
                    page.sandbox = Some(block.concat());
                }
                "sh" => page.steps.push(Step {
                    line: number,
                    block: commands(),
                    expected: Vec::new(),
                }),
                "text" if is_after_step => {
                    if let Some(step) = page.steps.last_mut() {
                        step.expected = block.iter().map(|&line| line.to_owned()).collect();
                    }
                }
                "console" => page.left += 1,
                _ => {}
            }
            is_after_step = language == "sh";
        }
        ensure!(!page.steps.is_empty(), "there is nothing to run");
        Ok(page)
    }
}

impl Step {
    /// Says whether the reader is told that it fails.
    pub(super) fn fails(&self) -> bool {
        self.expected
            .first()
            .is_some_and(|line| line.starts_with("error:"))
    }

    /// Compares what came with what the page says.
    pub(super) fn compare(&self, succeeded: bool, output: &[String]) -> Result<()> {
        ensure!(
            succeeded != self.fails(),
            "it succeeds, and the page says that it fails"
        );
        let mut output = output.iter();
        for expected in self.expected.iter().filter(|line| *line != "…") {
            ensure!(
                output.any(|line| line.starts_with(expected.as_str())),
                "its output has no line (after those before it) that begins with `{expected}`"
            );
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{Page, Step};

    const TEXT: &str = "\
# A page

```sh
cargo xtask sandbox -- --port 8100
```

```text
of the sandbox
```

```sh
export A=1
run
```

```text
first
…
last
```

```console
a person
```

```sh
run wrong
```

Words in between.

```text
of nobody
```
";

    fn page() -> Page {
        Page::read(TEXT).expect("a good page")
    }

    fn lines(text: &str) -> Vec<String> {
        text.lines().map(str::to_owned).collect()
    }

    #[test]
    fn blocks_become_steps_with_what_they_print() {
        let step = |line, block: &str, expected: &[&str]| Step {
            line,
            block: block.to_owned(),
            expected: expected.iter().map(|&line| line.to_owned()).collect(),
        };
        let wanted = Page {
            sandbox: Some("cargo xtask sandbox -- --port 8100".to_owned()),
            steps: vec![
                step(11, "export A=1\nrun\n", &["first", "…", "last"]),
                step(26, "run wrong\n", &[]),
            ],
            left: 1,
        };
        assert_eq!(page(), wanted);
        assert!(Page::read("no block").is_err());
    }

    #[test]
    fn output_is_compared_by_the_beginnings_of_lines_in_order() {
        let step = &page().steps[0];
        assert!(
            step.compare(true, &lines("first of all\nin between\nlast"))
                .is_ok()
        );
        for output in ["first", "last\nfirst", "a first\nlast", ""] {
            assert!(step.compare(true, &lines(output)).is_err(), "{output}");
        }
    }

    #[test]
    fn a_step_fails_where_the_page_says_so_and_only_there() {
        let mut step = Step::default();
        assert!(step.compare(true, &[]).is_ok());
        assert!(step.compare(false, &[]).is_err());
        step.expected = lines("error: no\nadvice");
        assert!(
            step.compare(false, &lines("error: no, never\nadvice"))
                .is_ok()
        );
        assert!(step.compare(true, &lines("error: no\nadvice")).is_err());
    }
}
