//! What goes with the program: shell completions and the manual page, both made from the command line's own definition.

use clap::CommandFactory;
use clap_complete::Shell;
use outlay::check::Error;

use super::args::Args;
use super::bug;

/// The completion script of a shell.
pub fn completions(shell: Shell) -> String {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Args::command(), "outlay", &mut script);
    String::from_utf8_lossy(&script).into_owned()
}

/// The manual page, in roff: the program and, after it, a section of each command.
pub fn manual() -> Result<String, Error> {
    let mut page = Vec::new();
    let mut command = Args::command().disable_help_subcommand(true);
    command.build();
    clap_mangen::Man::new(command.clone()).render(&mut page).map_err(bug)?;
    for sub in command.get_subcommands().filter(|sub| !sub.is_hide_set()) {
        let man = clap_mangen::Man::new(sub.clone().display_name(format!("outlay {}", sub.get_name())));
        page.extend(format!(".SH \"COMMAND: {}\"\n", sub.get_name().to_uppercase()).bytes());
        man.render_synopsis_section(&mut page).map_err(bug)?;
        man.render_description_section(&mut page).map_err(bug)?;
        man.render_options_section(&mut page).map_err(bug)?;
    }
    String::from_utf8(page).map_err(bug)
}
