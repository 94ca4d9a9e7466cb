//! Every error that the code can end with is told in every language. The wordings are read from the sources, and those
//! that tests expect on stderr come whole.

use super::*;
use crate::report::Words;

/// What fills a hole of a wording: no letter of any language that is written here.
const FILLING: char = 'ω';

/// Ways that an error, a remedy, or a part of one is written, and how many arguments come before it.
const WRITTEN: [(&str, usize); 11] = [
    ("Error::new(", 1),
    ("Error::setting(", 1),
    (".help(", 0),
    ("refuse(", 0),
    ("Why::new(", 0),
    ("Fault::new(", 1),
    ("unreadable(", 0),
    (".failed(", 0),
    ("not_yet(", 1),
    ("wrong.push(&label,", 0),
    ("wrong.push(other,", 0),
];

/// Names that a wording is given before the error is made of it.
const NAMED: [&str; 7] = ["message", "help", "what", "why", "error", "expected", "because"];

/// Wordings that are no sentence by themselves.
const PARTS: [(&str, &str); 5] = [
    ("no ω", "an output that a command made itself is not there: a bug, told in a hole"),
    ("ω usable ω of ω needed", "the word is `days` or `weeks`, and both are told"),
    (", or ", "stands between the names of columns"),
    ("ω: `ω` is no canonical column", "of a column map that is compiled in, which a test keeps sound"),
    ("say what to read: `query = \"select …\"` of source[ω]ω", "with and without the names of tables it is told"),
];

/// Words that only English sentences have.
const ENGLISH_WORDS: &str = "the an is are was of to and or not no in on with for that which its it has have holds \
    expected cannot be by from than but at as so there this these needs missing must only give set use write";

/// A source without its comments, each text in it replaced by its number between two marks.
#[derive(Default)]
struct Code {
    code: String,
    texts: Vec<String>,
}

const OPEN: char = '\u{1}';
const CLOSE: char = '\u{2}';

impl Code {
    fn of(source: &str) -> Code {
        let mut code = Code::default();
        let mut rest = source;
        while let Some(first) = rest.chars().next() {
            let size = if rest.starts_with("//") {
                rest.find('\n').unwrap_or(rest.len())
            } else if let Some((text, size)) = code.text(rest) {
                code.code.extend([OPEN.to_string(), code.texts.len().to_string(), CLOSE.to_string()]);
                code.texts.push(text);
                size
            } else {
                let size = character(rest).unwrap_or(first.len_utf8());
                code.code.push(if size > first.len_utf8() { ' ' } else { first });
                size
            };
            rest = &rest[size..];
        }
        code
    }

    /// The text that starts here, and its size in the source.
    fn text(&self, rest: &str) -> Option<(String, usize)> {
        if rest.starts_with('"') {
            return Some(escaped(rest));
        }
        let is_name = self.code.ends_with(|c: char| c.is_alphanumeric() || c == '_');
        let hashes =
            rest.strip_prefix('r').filter(|_| !is_name)?.split('"').next().filter(|h| h.bytes().all(|b| b == b'#'))?;
        let (start, end) = (hashes.len() + 2, format!("\"{hashes}"));
        let size = rest.get(start..)?.find(&end)?;
        Some((rest[start..start + size].to_owned(), start + size + end.len()))
    }

    /// The arguments from `at` on, to the bracket that closes them.
    fn arguments(&self, at: usize) -> Vec<&str> {
        let (mut depth, mut start, mut found) = (0, at, Vec::new());
        for (offset, c) in self.code[at..].char_indices() {
            match c {
                '(' | '[' | '{' => depth += 1,
                ')' | ']' | '}' if depth == 0 => {
                    found.push(&self.code[start..at + offset]);
                    break;
                }
                ')' | ']' | '}' => depth -= 1,
                ',' if depth == 0 => {
                    found.push(&self.code[start..at + offset]);
                    start = at + offset + 1;
                }
                _ => {}
            }
        }
        found
    }

    /// The texts in a part of the code, the holes of formats filled.
    fn texts_in(&self, part: &str) -> Vec<String> {
        let mut texts = Vec::new();
        for (before, rest) in part.match_indices(OPEN).map(|(at, _)| part.split_at(at)) {
            let number = rest.split(CLOSE).next().and_then(|number| number[1..].parse::<usize>().ok()).unwrap();
            let text = &self.texts[number];
            texts.push(if before.trim_end().ends_with("format!(") { sampled(text) } else { text.clone() });
        }
        texts
    }

    /// What is written as an error, or named to become one.
    fn wordings(&self) -> Vec<String> {
        let mut found = Vec::new();
        for (mark, before) in WRITTEN {
            let written = self.code.match_indices(mark).map(|(at, _)| self.arguments(at + mark.len()));
            written.for_each(|arguments| arguments.iter().skip(before).for_each(|a| found.extend(self.texts_in(a))));
        }
        for mark in ["Err(", "ok_or(", "ok_or_else(", "map_err(", "Problem {"] {
            let plain =
                |arguments: &String| !["Error::", "refuse", "Why::"].iter().any(|made| arguments.contains(made));
            let written = self.code.match_indices(mark).map(|(at, _)| self.arguments(at + mark.len()).join(","));
            written.filter(plain).for_each(|arguments| found.extend(self.texts_in(&arguments)));
        }
        let named = NAMED.iter().flat_map(|name| [format!("let {name} ="), format!("let mut {name} =")]);
        named.for_each(|mark| self.named(&mark, &mut found));
        found
    }

    /// The texts that get a name which an error is made of before a finding is.
    fn named(&self, mark: &str, found: &mut Vec<String>) {
        for (at, _) in self.code.match_indices(mark) {
            let statement = self.statement(at + mark.len());
            let after = &self.code[at + mark.len() + statement.len()..];
            let first = |marks: &[&str]| marks.iter().filter_map(|mark| after.find(mark)).min().unwrap_or(usize::MAX);
            if first(&["Error::", "refuse(", "Why::", "Fault", "Problem {"]) < first(&["Finding::"]) {
                found.extend(self.texts_in(statement));
            }
        }
    }

    fn statement(&self, at: usize) -> &str {
        let mut depth = 0;
        for (offset, c) in self.code[at..].char_indices() {
            match c {
                '(' | '[' | '{' => depth += 1,
                ')' | ']' | '}' => depth -= 1,
                ';' if depth == 0 => return &self.code[at..at + offset],
                _ => {}
            }
        }
        &self.code[at..]
    }
}

/// The size of a character in quotes, which could be a quote itself.
fn character(rest: &str) -> Option<usize> {
    let inside = rest.strip_prefix('\'')?;
    let mut chars = inside.char_indices();
    let is_escaped = chars.next()?.1 == '\\';
    let (at, c) = if is_escaped { inside.char_indices().skip(2).find(|(_, c)| *c == '\'')? } else { chars.next()? };
    (c == '\'').then_some(at + 2)
}

/// A text in quotes as the compiler reads it, and its size in the source.
fn escaped(rest: &str) -> (String, usize) {
    let (mut text, mut chars) = (String::new(), rest.char_indices().skip(1).peekable());
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return (text, at + 1),
            '\\' => match chars.next().map(|(_, c)| c) {
                Some('n') => text.push('\n'),
                Some('t') => text.push('\t'),
                Some('u') => while chars.next().is_some_and(|(_, c)| c != '}') {},
                Some('\n') => while chars.next_if(|(_, c)| c.is_whitespace()).is_some() {},
                Some(c) => text.push(c),
                None => {}
            },
            c => text.push(c),
        }
    }
    (text, rest.len())
}

/// A format with its holes filled.
fn sampled(format: &str) -> String {
    let (mut text, mut chars) = (String::new(), format.chars().peekable());
    while let Some(c) = chars.next() {
        match c {
            '{' | '}' if chars.peek() == Some(&c) => text.extend(chars.next()),
            '{' => {
                text.push(FILLING);
                while chars.next().is_some_and(|c| c != '}') {}
            }
            c => text.push(c),
        }
    }
    text
}

/// Whether English is left in a sentence, what is quoted aside.
fn has_english(told: &str) -> bool {
    let mut plain = told.to_owned();
    for quote in ['`', '"', '\''] {
        plain = plain.split(quote).step_by(2).collect::<Vec<_>>().join(" ");
    }
    let words = plain.split(|c: char| !c.is_ascii_alphabetic() && c != '_');
    words.into_iter().any(|word| ENGLISH_WORDS.split_whitespace().any(|english| english == word))
}

/// Whether a wording is told without English left, alone or after the place that it is about.
fn is_told(sentences: &Sentences, wording: &str) -> bool {
    let placed = [String::new(), FILLING.to_string(), format!("{FILLING} ")].map(|place| place + wording);
    let told =
        |table: &String| placed.iter().filter_map(|text| sentences.told(table, text)).any(|told| !has_english(&told));
    sentences.0.keys().any(told)
}

/// The wordings of errors in the code; sentences only, not names.
fn wordings() -> BTreeSet<String> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let is_code = |path: &PathBuf| {
        let folders = path.strip_prefix(&src).unwrap().with_extension("");
        !folders.iter().any(|part| part == "tests" || part == "testing" || part == "sample")
    };
    let mut found = BTreeSet::new();
    for path in sources(&src).into_iter().filter(is_code) {
        let text = fs::read_to_string(&path).unwrap();
        let code = text.split("#[cfg(test)]\nmod").next().unwrap();
        found.extend(Code::of(code).wordings());
    }
    found.retain(|wording| wording.trim().contains(' ') && wording.bytes().any(|b| b.is_ascii_lowercase()));
    found
}

#[test]
fn every_error_of_the_code_is_told_in_chinese_and_japanese() {
    let wordings = wordings();
    assert!(wordings.len() > 400, "{wordings:?}");
    let known = OTHERS.map(Sentences::of);
    let is_part = |wording: &str| PARTS.iter().any(|(part, _)| *part == wording);
    let untold = |wording: &&String| !is_part(wording) && !known.iter().all(|known| is_told(known, wording));
    let untold: Vec<&String> = wordings.iter().filter(untold).collect();
    assert_eq!(
        untold,
        Vec::<&String>::new(),
        "add them to `error` in sentences/zh/errors.toml and sentences/ja/errors.toml"
    );
}

/// The `error:` and `help:` lines that tests expect: whole lines of golden files, and of texts in tests.
fn expected() -> BTreeSet<String> {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let cases = fs::read_dir(tests.join("cases")).unwrap().map(|case| case.unwrap().path().join("stderr"));
    let mut texts: Vec<String> = cases.filter_map(|stderr| fs::read_to_string(stderr).ok()).collect();
    sources(&tests.join("all"))
        .iter()
        .for_each(|path| texts.extend(Code::of(&fs::read_to_string(path).unwrap()).texts));
    let lines = texts.iter().flat_map(|text| text.split_inclusive('\n')).filter_map(|line| line.strip_suffix('\n'));
    let said = |line: &str| line.strip_prefix("error: ").or(line.strip_prefix("help: ")).map(str::to_owned);
    let words = Words::of(Lang::En);
    let is_error = |line: &String| !words.all().values().any(|word| word.contains(line.as_str()));
    lines.filter_map(said).filter(is_error).collect()
}

#[test]
fn every_error_that_tests_expect_is_told_in_chinese_and_japanese() {
    let expected = expected();
    assert!(expected.len() > 60, "{expected:?}");
    for lang in OTHERS {
        let known = Sentences::of(lang);
        let told = |line: &String| known.told("error", line).is_some_and(|told| !has_english(&told));
        let untold: Vec<&String> = expected.iter().filter(|line| !told(line)).collect();
        assert_eq!(untold, Vec::<&String>::new(), "{}", lang.name());
    }
}

#[test]
fn no_error_is_told_half_in_english() {
    for lang in OTHERS {
        for sentence in &Sentences::of(lang).0["error"] {
            assert!(!has_english(&sampled(&sentence.told)), "{}: {}", lang.name(), sentence.told);
        }
    }
}

#[test]
fn wordings_are_read_as_the_compiler_reads_them() {
    let source = "// Error::new(k, \"a comment\")\nlet quote = '\"'; Error::new(Kind::Input, format!(\"{a} \\\n  of {{b}}\"));\n\
                  let message = \"to \\\"x\\\" it\"; Finding::fail(message); Err(r#\"in \"raw\" text\"#.into())";
    assert_eq!(Code::of(source).wordings(), ["ω of {b}", "in \"raw\" text"]);
}

#[test]
fn what_is_quoted_may_be_empty_and_nothing_else() {
    let known = of(&[("`{text}` is no {~what}", "`{text}` 不是{what}"), ("date", "日期")]);
    assert_eq!(again(&known, "`` is no date"), "`` 不是日期");
    assert_eq!(again(&known, "`x` is no "), "`x` is no ");
}

#[test]
fn the_sentence_that_knows_most_of_the_text_is_taken() {
    let known = of(&[
        ("{place}: {~what}", "{place}：{what}"),
        ("{n}, expected {~what}", "{n}，应为{what}"),
        ("0 or more", "零或以上"),
    ]);
    assert_eq!(again(&known, "plan.tax: -1, expected 0 or more"), "plan.tax：-1，应为零或以上");
}

#[test]
fn names_that_look_like_wording_are_not_searched_for_ever() {
    let hostile = "a: b, expected c (in `d`); ".repeat(60);
    assert!(Sentences::of(Lang::Zh).told("error", &hostile).is_some());
}
