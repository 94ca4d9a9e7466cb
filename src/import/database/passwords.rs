//! The password of a server: from the environment, or from a file of passwords as PostgreSQL's own programs read it.

use std::path::Path;

use postgres::Config;
use postgres::config::Host;

use super::Why;
use crate::settings::Secrets;

/// The password for a server and user, when there is one.
///
/// # Errors
///
/// The file of passwords can be read by others, or not at all.
pub(super) fn of(config: &Config, user: &str, secrets: &Secrets) -> Result<Option<String>, Why> {
    if let Some(password) = &secrets.password {
        return Ok(Some(password.clone()));
    }
    let Some(path) = secrets.file.as_deref().filter(|path| path.exists()) else { return Ok(None) };
    let lines = lines(path)?;
    let host = match config.get_hosts().first() {
        Some(Host::Tcp(name)) => name.as_str(),
        _ => "localhost",
    };
    let port = config.get_ports().first().copied().unwrap_or(5432).to_string();
    let base = config.get_dbname().unwrap_or(user);
    Ok(found(&lines, [host, &port, base, user]))
}

fn lines(path: &Path) -> Result<String, Why> {
    let shown = path.display();
    if is_open_to_others(path) {
        let help = format!("let only its owner read it: `chmod 600 {shown}`");
        return Err(Why::new(format!("the file of passwords {shown} can be read by others"), help));
    }
    std::fs::read_to_string(path)
        .map_err(|error| Why::new(format!("the file of passwords {shown}: {error}"), "make it readable for its owner"))
}

#[cfg(unix)]
fn is_open_to_others(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).is_ok_and(|found| found.permissions().mode() & 0o077 != 0)
}

#[cfg(not(unix))]
fn is_open_to_others(_: &Path) -> bool {
    false
}

/// The password of the first line `host:port:database:user:password` that fits; `*` fits all.
fn found(text: &str, wanted: [&str; 4]) -> Option<String> {
    let lines = text.lines().filter(|line| !line.starts_with('#')).map(parts);
    let fits = |parts: &[String]| parts.iter().zip(wanted).all(|(part, wanted)| part == "*" || part == wanted);
    lines.into_iter().find(|parts| parts.len() == 5 && fits(&parts[..4])).map(|mut parts| parts.remove(4))
}

/// The parts of a line between colons; a backslash takes the character after it as it is.
fn parts(line: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match c {
            ':' => parts.push(String::new()),
            '\\' => parts.last_mut().expect("there is a part").extend(chars.next()),
            c => parts.last_mut().expect("there is a part").push(c),
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_that_fits_has_the_password() {
        let text = "# mine\nlocalhost:5432:ads:me:one\n*:*:*:me:tw\\:o\\\\\nshort:line\n";
        assert_eq!(found(text, ["localhost", "5432", "ads", "me"]).as_deref(), Some("one"));
        assert_eq!(found(text, ["db", "5433", "ads", "me"]).as_deref(), Some("tw:o\\"));
        assert_eq!(found(text, ["db", "5433", "ads", "you"]), None);
    }
}
