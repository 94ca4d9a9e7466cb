//! Colour: only on a terminal, only where it is wanted, and never alone: the words say the same without it.

use std::io::IsTerminal;

use outlay::report::Words;

const RED: &str = "\u{1b}[1;31m";
const CYAN: &str = "\u{1b}[36m";
const PLAIN: &str = "\u{1b}[0m";

/// Colours the labels at the start of lines for stderr, if that is a terminal.
pub fn labels(text: &str, words: &Words) -> String {
    if is_wanted() { coloured(text, words) } else { text.to_owned() }
}

/// `NO_COLOR` (no-color.org) and dumb terminals want none.
fn is_wanted() -> bool {
    let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    std::io::stderr().is_terminal() && !set("NO_COLOR") && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}

fn coloured(text: &str, words: &Words) -> String {
    let line = |line: &str| {
        for (label, colour) in [(words.say("error_label"), RED), (words.say("help_label"), CYAN)] {
            if let Some(rest) = line.strip_prefix(label) {
                return format!("{colour}{label}{PLAIN}{rest}\n");
            }
        }
        format!("{line}\n")
    };
    text.lines().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use outlay::report::Lang;

    #[test]
    fn labels_are_coloured_and_nothing_else() {
        let words = Words::of(Lang::En);
        let text = coloured("error: a.csv:3: bad\nhelp: mend it\n", &words);
        assert_eq!(text, "\u{1b}[1;31merror: \u{1b}[0ma.csv:3: bad\n\u{1b}[36mhelp: \u{1b}[0mmend it\n");
    }
}
