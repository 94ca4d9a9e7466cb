//! Databases by query: an SQLite file that the test makes, and a PostgreSQL server that it starts.
//!
//! ```sh
//! cargo test --test all -- --ignored postgresql
//! ```
//!
//! needs PostgreSQL's programs (Debian's package `postgresql`); the server listens on loopback and lives in a folder that
//! goes with the test.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use outlay::check::Error;
use outlay::settings::{Secrets, Settings};
use outlay::unify::Ledger;
use outlay::{import, report, unify};

/// A table as an operator's own database has it: other names, text and numbers, a currency, a blank.
const TABLE: &str = "
    create table delivery (day date, campaign text, cost numeric(12, 2), shown integer, signups integer, note text);
    insert into delivery values
        ('2026-05-01', 'summer, \"sale\"', 1204.50, 20000, 31, null),
        ('2026-05-01', '夏季', 80.25, 900, 2, 'two\nlines'),
        ('2026-05-02', '夏季', 0, null, 0, '');";

/// What both databases are asked, and what comes of it.
const QUERY: &str = "select day as date, campaign, 'tencent' as platform, cost as spend, shown as impressions, \
                     signups as registrations, note from delivery order by day, campaign -- as of today";
const LEDGER: &str = "date,platform,supplier,account,campaign,department,currency,spend,spend_cash,impressions,clicks,\
    reads,entries,registrations,valid_registrations,value,days\n\
    2026-05-01,tencent,,,\"summer, \"\"sale\"\"\",,CNY,1204.5,,20000,,,,31,,,1\n\
    2026-05-01,tencent,,,夏季,,CNY,80.25,,900,,,,2,,,1\n\
    2026-05-02,tencent,,,夏季,,CNY,0,,,,,,0,,,1\n";

fn read(path: &str, source: &str, folder: &Path, secrets: Secrets) -> Result<Ledger, Error> {
    let text = format!("[[source]]\npath = \"{path}\"\n{source}\n");
    let settings = Settings { secrets, ..Settings::parse(&text, "outlay.toml", folder, 1)? };
    unify::ledger(import::all(&settings)?, &settings)
}

fn query(sql: &str) -> String {
    format!("query = '''{sql}'''")
}

fn csv(ledger: &Ledger) -> String {
    String::from_utf8(report::csv::ledger(ledger).bytes).unwrap()
}

/// An SQLite file of the table, in a folder of its own.
fn sqlite() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let base = rusqlite::Connection::open(folder.path().join("ads.sqlite")).unwrap();
    base.execute_batch(TABLE).unwrap();
    folder
}

fn of_sqlite(source: &str) -> Result<Ledger, Error> {
    let folder = sqlite();
    let read = read("ads.sqlite", source, folder.path(), Secrets::default());
    read.map_err(|error| {
        let text = error.to_string().replace(&format!("{}/", folder.path().display()), "");
        Error::new(error.kind, text)
    })
}

#[track_caller]
fn refused(source: &str, expected: &str) {
    let error = of_sqlite(source).unwrap_err().to_string();
    assert!(error.contains(expected), "{error}\nexpected\n{expected}");
}

#[test]
fn an_sqlite_file_is_read_by_a_query_like_an_export() {
    let ledger = of_sqlite(&query(QUERY)).unwrap();
    assert_eq!(csv(&ledger), LEDGER);
    let source = &ledger.sources[0];
    assert_eq!((source.encoding.as_str(), source.rows, source.sha256.len()), ("SQLite", 3, 64));
    assert_eq!(source.unread, ["note"]);
    let again = of_sqlite(&query(QUERY)).unwrap();
    assert_eq!(again.sources[0].sha256, source.sha256, "the hash is that of the answer");
    let mapped = "columns = { date = \"day\", spend = \"cost\", registrations = \"signups\", platform = \"note\" }\n";
    let ledger = of_sqlite(&format!("{mapped}{}", query("select * from delivery"))).unwrap();
    assert_eq!(ledger.sources[0].spend, 1284.75);
}

#[test]
fn a_query_that_cannot_be_is_refused_with_what_there_is() {
    refused(
        "",
        "ads.sqlite is an SQLite database, and no query says what to read\nhelp: say what to read: \
                 `query = \"select …\"` of source[1]; its tables are `delivery`",
    );
    refused(
        &query("select * from spend"),
        "ads.sqlite: the query fails: no such table: spend\nhelp: the tables are `delivery`",
    );
    refused(&query("delete from delivery"), "ads.sqlite: the query is no SELECT");
    refused(&query("select 1; select 2"), "it holds more than one statement");
    refused(
        &query("select day as date, x'ff' as platform, 1 as spend from delivery"),
        "row 1 of its answer holds bytes in `platform` that are not UTF-8",
    );
    refused(
        &query("select day as date, 'x' as platform, 'much' as spend from delivery limit 1"),
        "ads.sqlite:2: column `spend` holds `much`, expected a number",
    );
    refused(&query(" "), "source[1].query: is empty, expected a SELECT");
    refused(&format!("decimal_comma = true\n{}", query(QUERY)), "source[1].decimal_comma: does not go with `query`");
}

#[test]
fn a_query_reads_no_other_file_and_writes_none() {
    let folder = sqlite();
    std::fs::write(folder.path().join("export.csv"), "date,platform,spend\n2026-05-01,x,1\n").unwrap();
    let error = read("export.csv", &query("select 1"), folder.path(), Secrets::default()).unwrap_err().to_string();
    assert!(error.contains("is no SQLite database, which `query` is for"), "{error}");
    let aside = folder.path().join("aside.sqlite");
    let attach = query(&format!("attach '{}' as aside", aside.display()));
    assert!(read("ads.sqlite", &attach, folder.path(), Secrets::default()).is_err());
    assert!(!aside.exists());
}

#[test]
fn what_a_server_is_reached_by_stands_in_no_settings() {
    let told =
        |path: &str, source: &str| read(path, source, Path::new(""), Secrets::default()).unwrap_err().to_string();
    let error = told("postgresql://me:open-sesame@localhost/ads", &query("select 1"));
    assert!(error.contains("source[1].path: holds a password") && error.contains("PGPASSWORD"), "{error}");
    assert!(!error.contains("sesame"), "{error}");
    let error = told("postgresql://me@localhost/ads", "");
    assert!(error.contains("source[1].query: missing; `path` is a database"), "{error}");
    let error = told("postgresql://me@db.example/ads", &query("select 1"));
    assert!(
        error.contains("postgresql://me@db.example/ads: the way to `db.example` would not be encrypted"),
        "{error}"
    );
    let error = told("postgresql://me@127.0.0.1:1/ads", &query("select 1"));
    assert!(error.contains("postgresql://me@127.0.0.1:1/ads: error connecting"), "{error}");
}

/// A server in a folder of its own, which ends with it.
struct Server {
    folder: tempfile::TempDir,
    port: u16,
    child: std::process::Child,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = Command::new("kill").args(["-INT", &self.child.id().to_string()]).status();
        let _ = self.child.wait();
    }
}

/// The folder of PostgreSQL's programs, those of the latest version where Debian has put several.
fn programs() -> PathBuf {
    let mut folders: Vec<PathBuf> = glob::glob("/usr/lib/postgresql/*/bin/postgres")
        .unwrap()
        .map(|path| path.unwrap().parent().unwrap().into())
        .collect();
    let on_path = std::env::var_os("PATH").unwrap_or_default();
    folders.splice(0..0, std::env::split_paths(&on_path).filter(|folder| folder.join("initdb").exists()));
    folders.pop().expect("PostgreSQL is not there: install Debian's package `postgresql`")
}

/// A command that does not run as root, which PostgreSQL refuses.
fn as_nobody(program: &Path, folder: &Path) -> Command {
    #[cfg_attr(not(unix), allow(unused_mut))]
    let mut command = Command::new(program);
    command.current_dir(folder).stdout(Stdio::null()).stdin(Stdio::null());
    #[cfg(unix)]
    {
        use std::os::unix::process::CommandExt;
        let id = |flag: &str, user: &[&str]| -> u32 {
            let out = Command::new("id").arg(flag).args(user).output().unwrap();
            String::from_utf8(out.stdout).unwrap().trim().parse().unwrap()
        };
        if id("-u", &[]) == 0 {
            command.uid(id("-u", &["nobody"])).gid(id("-g", &["nobody"]));
        }
    }
    command
}

impl Server {
    /// A server that lets `me` in by the password `secret`, with the table in the database `ads`.
    fn start() -> Server {
        let (folder, programs) = (tempfile::tempdir().unwrap(), programs());
        let (data, at) = (folder.path().join("data"), folder.path());
        #[cfg(unix)]
        std::fs::set_permissions(at, std::os::unix::fs::PermissionsExt::from_mode(0o777)).unwrap();
        std::fs::write(at.join("password"), "secret\n").unwrap();
        let made = as_nobody(&programs.join("initdb"), at)
            .args([
                "--username",
                "me",
                "--pwfile",
                "password",
                "--auth",
                "scram-sha-256",
                "--encoding",
                "UTF8",
                "--no-sync",
            ])
            .args(["--locale", "C", "--pgdata"])
            .arg(&data)
            .status();
        assert!(made.unwrap().success());
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let child = as_nobody(&programs.join("postgres"), at)
            .arg("-D")
            .arg(&data)
            .args(["-p", &port.to_string(), "-h", "127.0.0.1", "-k", "", "-F"])
            .stderr(std::fs::File::create(at.join("log")).unwrap())
            .spawn()
            .unwrap();
        let server = Server { folder, port, child };
        server.fill();
        server
    }

    fn fill(&self) {
        let (begun, mut asked) = (Instant::now(), None);
        while asked.is_none() {
            let log = || std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
            assert!(begun.elapsed() < Duration::from_secs(60), "{}", log());
            std::thread::sleep(Duration::from_millis(50));
            asked = self.client("postgres").ok();
        }
        asked.unwrap().batch_execute("create database ads").unwrap();
        self.client("ads").unwrap().batch_execute(TABLE).unwrap();
    }

    fn client(&self, base: &str) -> Result<postgres::Client, postgres::Error> {
        let mut config = postgres::Config::new();
        config.host("127.0.0.1").port(self.port).user("me").password("secret").dbname(base);
        config.connect(postgres::NoTls)
    }

    fn address(&self) -> String {
        format!("postgresql://me@127.0.0.1:{}/ads", self.port)
    }

    fn read(&self, source: &str) -> Result<Ledger, Error> {
        let secrets = Secrets { password: Some("secret".to_owned()), file: None };
        read(&self.address(), source, Path::new(""), secrets)
    }

    #[track_caller]
    fn refuses(&self, source: &str, expected: &str) {
        let error = self.read(source).unwrap_err().to_string();
        assert!(error.contains(&self.address()) && error.contains(expected), "{error}\nexpected\n{expected}");
    }
}

#[test]
#[ignore = "needs PostgreSQL's programs"]
fn postgresql_is_read_by_a_query_like_an_export() {
    let server = Server::start();
    let ledger = server.read(&query(QUERY)).unwrap();
    assert_eq!(csv(&ledger), LEDGER);
    assert_eq!((ledger.sources[0].encoding.as_str(), ledger.sources[0].rows), ("PostgreSQL", 3));
    assert_eq!(ledger.sources[0].path, server.address());
    let of_file = of_sqlite(&query(QUERY)).unwrap();
    assert_eq!(ledger.entries, of_file.entries, "both databases give one ledger");
    assert!(ledger.findings.iter().all(|finding| finding.check != "import.in_clear"));

    // a moment is told by the day that it is where the source is
    let moment = "select timestamptz '2026-05-01 20:30:00+00' as date, 'x' as platform, 1.5 as spend";
    assert_eq!(server.read(&query(moment)).unwrap().entries[0].date.to_string(), "2026-05-02");

    // more rows than a block holds, each told by its own line
    let many = "select date '2026-05-01' as date, 'p' || n % 7 as platform, \
                case when n = 150000 then 'much' else n::text end as spend from generate_series(1, 200000) n";
    server.refuses(&query(many), ":150001: column `spend` holds `much`");
    let ledger = server.read(&format!("bad_rows = \"skip\"\n{}", query(many))).unwrap();
    assert_eq!((ledger.rows.read, ledger.rows.used), (200_000, 199_999));

    server.refuses(&query("select * from spend"), "the query fails: relation \"spend\" does not exist");
    server.refuses(&query("select 1; drop table delivery"), "the query fails");
    let sneaky = "delete from delivery returning day as date, 'x' as platform, cost as spend";
    server.refuses(&query(sneaky), "cannot execute DELETE in a read-only transaction");
    server.refuses(&query("select 1 / (n - 3) as spend, n from generate_series(1, 9) n"), "division by zero");
    assert_eq!(csv(&server.read(&query(QUERY)).unwrap()), LEDGER, "nothing was changed");

    // the password: none, a wrong one, one from a file of passwords that others can read, and one that they cannot
    let with = |secrets: Secrets| read(&server.address(), &query(QUERY), Path::new(""), secrets);
    assert!(with(Secrets::default()).unwrap_err().to_string().contains("PGPASSWORD"));
    let wrong = with(Secrets { password: Some("guess".to_owned()), file: None }).unwrap_err().to_string();
    assert!(wrong.contains("password authentication failed for user \"me\"") && !wrong.contains("guess"), "{wrong}");
    let file = server.folder.path().join("pgpass");
    std::fs::write(&file, format!("127.0.0.1:{}:ads:me:secret\n", server.port)).unwrap();
    let from_file = || with(Secrets { password: None, file: Some(file.clone()) });
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(&file, PermissionsExt::from_mode(0o644)).unwrap();
        assert!(from_file().unwrap_err().to_string().contains("can be read by others"));
        std::fs::set_permissions(&file, PermissionsExt::from_mode(0o600)).unwrap();
    }
    assert_eq!(csv(&from_file().unwrap()), LEDGER);
}
