//! A PostgreSQL server, in a session that can only read.
//!
//! The answer comes by `COPY (…) TO STDOUT`, which streams it and tells every type in the server's own exact words.
//!
//! There is no TLS here: a server on another machine is refused, unless its address says `sslmode=disable`; a tunnel does
//! better than any TLS that is not checked.

use std::borrow::Cow;
use std::io::Write;
use std::time::Duration;

use postgres::config::{Host, SslMode};
use postgres::{Client, Config, NoTls};

use super::{Rows, Why, passwords};
use crate::settings::Secrets;

/// How long to wait for a server that does not answer, unless its address says otherwise.
const PATIENCE: Duration = Duration::from_secs(15);

/// Writes the answer to a query into `rows`; gives the host when it came from another machine in clear.
///
/// # Errors
///
/// The address, the password, the server or the query is not what it should be.
pub(super) fn ask(
    address: &str,
    query: &str,
    zone: &str,
    secrets: &Secrets,
    rows: &mut Rows<impl Write>,
) -> Result<Option<String>, Why> {
    let expected = "write it as `postgresql://user@host:5432/database`";
    let mut config: Config = address.parse().map_err(|error: postgres::Error| Why::new(told(&error), expected))?;
    let in_clear = in_clear(&config)?;
    let user = config.get_user().ok_or_else(|| Why::new("names no user", expected))?.to_owned();
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(PATIENCE);
    }
    if let Some(password) = passwords::of(&config, &user, secrets)? {
        config.password(password);
    }
    let help = "check that the server runs and lets this user in; the password comes from PGPASSWORD or ~/.pgpass";
    let mut client = config.connect(NoTls).map_err(|error| Why::new(told(&error), help))?;
    copied(&mut client, query, zone, rows)?;
    Ok(in_clear)
}

/// The host, when the way to it leaves this machine.
fn in_clear(config: &Config) -> Result<Option<String>, Why> {
    let is_local = |host: &Host| match host {
        Host::Tcp(name) => name == "localhost" || name.parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback()),
        #[cfg(unix)]
        Host::Unix(_) => true,
    };
    let Some(host) = config.get_hosts().first() else {
        return Err(Why::new("names no host", "write it as `postgresql://user@host:5432/database`"));
    };
    let far = config.get_hosts().iter().any(|host| !is_local(host));
    // An address of its own says where to connect to, whatever the host is called.
    let is_far =
        if config.get_hostaddrs().is_empty() { far } else { !config.get_hostaddrs().iter().all(|ip| ip.is_loopback()) };
    let name = match host {
        Host::Tcp(name) => name.clone(),
        #[cfg(unix)]
        Host::Unix(path) => path.display().to_string(),
    };
    if is_far && config.get_ssl_mode() != SslMode::Disable {
        let what = format!("the way to `{name}` would not be encrypted, which outlay cannot do");
        let help = format!(
            "go through a tunnel: `ssh -L 5433:localhost:5432 {name}`, then `127.0.0.1:5433` in `path`; where the network \
             itself is safe, say so: `?sslmode=disable` at the end of `path`"
        );
        return Err(Why::new(what, help));
    }
    Ok(is_far.then_some(name))
}

fn copied(client: &mut Client, query: &str, zone: &str, rows: &mut Rows<impl Write>) -> Result<(), Why> {
    let refused = |error: postgres::Error| Why::new(format!("the query fails: {}", told(&error)), "try it in `psql`");
    let zone = zone.replace('\'', "''");
    let session =
        format!("set session characteristics as transaction read only; set datestyle = 'ISO'; set timezone = '{zone}'");
    client.batch_execute(&session).map_err(refused)?;
    // The bracket stands on a line of its own: the query may end in a comment.
    let query = query.trim().trim_end_matches(';');
    let answer = client.copy_out(&format!("copy (\n{query}\n) to stdout (format csv, header)")).map_err(refused)?;
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(answer);
    let (mut record, mut names) = (csv::ByteRecord::new(), csv::ByteRecord::new());
    while reader.read_byte_record(&mut record).map_err(|error| broken(&error))? {
        if names.is_empty() {
            names = record.clone();
        }
        let named = |index: usize| names.get(index).map(String::from_utf8_lossy).unwrap_or_default();
        let cells: Vec<Result<Cow<str>, Why>> =
            record.iter().enumerate().map(|(index, bytes)| rows.text(bytes, &named(index))).collect();
        rows.add(cells.into_iter())?;
    }
    Ok(())
}

/// The answer ended before its end.
fn broken(error: &csv::Error) -> Why {
    let inner = match error.kind() {
        csv::ErrorKind::Io(error) => error.get_ref().and_then(|inner| inner.downcast_ref::<postgres::Error>()),
        _ => None,
    };
    let what = inner.map_or_else(|| error.to_string(), told);
    Why::new(format!("the query fails: {what}"), "try it in `psql`")
}

/// What the server or the way to it says.
fn told(error: &postgres::Error) -> String {
    if let Some(error) = error.as_db_error() {
        return error.message().to_owned();
    }
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        let more = inner.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        cause = inner.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn way(address: &str) -> Result<Option<String>, Why> {
        in_clear(&address.parse().unwrap())
    }

    #[test]
    fn only_this_machine_is_reached_in_clear_unasked() {
        for address in ["localhost", "127.0.0.1:5433", "[::1]", "%2Fvar%2Frun"] {
            assert_eq!(way(&format!("postgresql://a@{address}/d")), Ok(None), "{address}");
        }
        for address in ["db.example", "10.0.0.7", "localhost,db.example", "localhost.db.example"] {
            let Why { what, help } = way(&format!("postgresql://a@{address}/d")).unwrap_err();
            assert!(what.contains("not be encrypted") && help.contains("sslmode=disable"), "{what}: {help}");
        }
        assert!(way("postgresql://a@localhost/d?hostaddr=10.0.0.7").is_err());
        assert_eq!(way("postgresql://a@db.example/d?sslmode=disable"), Ok(Some("db.example".to_owned())));
    }
}
