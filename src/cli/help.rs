//! The command line in the reader's language: what clap shows of options and commands is told again like any sentence.

use clap::error::{Error, ErrorKind};
use clap::{Arg, ArgMatches, Command, CommandFactory, FromArgMatches};
use outlay::report::{Lang, Words};

use super::args::Args;

/// The arguments of this process; ends it with usage, help or version where those are asked for or due.
pub fn parse() -> Args {
    let lang = asked(std::env::args());
    let words = Words::of(lang);
    let mut command = told(Args::command(), &words);
    let found: Result<ArgMatches, Error> = command.try_get_matches_from_mut(std::env::args_os());
    let args = found.and_then(|matches| Args::from_arg_matches(&matches).map_err(|error| error.format(&mut command)));
    args.unwrap_or_else(|error| refused(&error, lang, &words))
}

/// Ends the process with the help that was asked for, or with what is wrong with the arguments.
fn refused(error: &Error, lang: Lang, words: &Words) -> ! {
    if lang == Lang::En || !error.use_stderr() || error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        error.exit()
    }
    super::tell(&usage(&error.render().to_string(), words), words);
    std::process::exit(error.exit_code())
}

/// What is wrong with the arguments, line by line in the language: clap knows English only.
fn usage(rendered: &str, words: &Words) -> String {
    let line = |line: &str| {
        let text = line.trim_start();
        let indent = &line[..line.len() - text.len()];
        match (text.strip_prefix("error: "), text.strip_prefix("Usage:")) {
            (Some(what), _) => format!("{}{}\n", words.say("error_label"), words.translate("error", what)),
            (_, Some(usage)) => format!("{}{}\n", words.say("help_usage"), usage.trim_start()),
            _ => format!("{indent}{}\n", words.translate("error", text)),
        }
    };
    rendered.lines().map(line).collect()
}

/// The language that is asked for, before anything else is known of the arguments.
fn asked(arguments: impl Iterator<Item = String>) -> Lang {
    let arguments: Vec<String> = arguments.take_while(|argument| argument != "--").collect();
    let joined = arguments.iter().find_map(|argument| argument.strip_prefix("--lang="));
    let apart = || arguments.windows(2).find(|pair| pair[0] == "--lang").map(|pair| pair[1].as_str());
    joined.or_else(apart).and_then(|name| name.parse().ok()).unwrap_or_default()
}

/// A command, its options and its commands in the language.
fn told(command: Command, words: &Words) -> Command {
    let about = command.get_about().map(|about| words.translate("help", &about.to_string()));
    let long = command.get_long_about().map(|about| paragraphs(&about.to_string(), words));
    let template =
        format!("{{about-with-newline}}\n{} {{usage}}\n\n{{all-args}}{{after-help}}", words.say("help_usage"));
    let mut command = command.help_template(template).subcommand_help_heading(words.say("help_commands").to_owned());
    if let Some(about) = about {
        command = command.about(about);
    }
    if let Some(long) = long {
        command = command.long_about(long);
    }
    command.mut_args(|arg| arg_told(arg, words)).mut_subcommands(|sub| told(sub, words))
}

fn arg_told(arg: Arg, words: &Words) -> Arg {
    let heading = if arg.is_positional() { words.say("help_arguments") } else { words.say("help_options") };
    let help = arg.get_help().map(|help| words.translate("help", &help.to_string()));
    let arg = arg.help_heading(heading.to_owned());
    help.into_iter().fold(arg, |arg, help| arg.help(help))
}

fn paragraphs(text: &str, words: &Words) -> String {
    let paragraphs = text.split("\n\n").map(|paragraph| words.translate("help", &paragraph.replace('\n', " ")));
    paragraphs.collect::<Vec<_>>().join("\n\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(line: &str) -> Lang {
        asked(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn the_language_is_known_wherever_it_stands() {
        assert_eq!(given("outlay --lang zh run"), Lang::Zh);
        assert_eq!(given("outlay run --lang=ja --help"), Lang::Ja);
        assert_eq!([given("outlay run"), given("outlay --lang xx"), given("outlay -- --lang zh")], [Lang::En; 3]);
    }

    #[test]
    fn every_line_of_help_is_told_in_chinese_and_japanese() {
        for lang in [Lang::Zh, Lang::Ja] {
            let words = Words::of(lang);
            let mut english = Vec::new();
            each(&Args::command(), &mut |help| {
                if words.translate("help", help) == help {
                    english.push(help.to_owned());
                }
            });
            assert_eq!(english, Vec::<String>::new(), "{}: add them to the table `help`", lang.name());
        }
    }

    #[test]
    fn what_is_wrong_with_arguments_is_told_in_chinese_and_japanese() {
        for (typed, english) in [
            ("plann", "unrecognized subcommand"),
            ("run --sed 1", "unexpected argument"),
            ("run --seed x", "invalid value"),
            ("run --threads -1", "unexpected argument"),
            ("run --out", "a value is required"),
            ("run --lang fr", "possible values"),
            ("run --quiet --quiet", "cannot be used multiple times"),
            ("run now", "unexpected argument"),
            ("simulate --suppliers 20 --season", "cannot be used with"),
            ("efficiency t.csv", "required arguments were not provided"),
            ("criteria t.csv --weights a", "expected `criterion=number`"),
            ("score --as-of june", "is not a date"),
        ] {
            let typed = ["outlay"].into_iter().chain(typed.split_whitespace());
            let error = Args::command().try_get_matches_from(typed).unwrap_err().render().to_string();
            assert!(error.contains(english), "{error}");
            for lang in [Lang::Zh, Lang::Ja] {
                let told = usage(&error, &Words::of(lang));
                let is_word =
                    |line: &&str| line.trim_start().starts_with(|c: char| c.is_ascii_alphabetic() || c == '[');
                let left = error.lines().filter(is_word).find(|line| told.lines().any(|told| told == *line));
                assert_eq!(left, None, "{told}");
            }
        }
    }

    /// Every line of help of a command and the commands in it.
    fn each(command: &Command, visit: &mut impl FnMut(&str)) {
        command.get_about().into_iter().for_each(|about| visit(&about.to_string()));
        command.get_arguments().filter_map(Arg::get_help).for_each(|help| visit(&help.to_string()));
        command.get_subcommands().for_each(|sub| each(sub, visit));
    }
}
