//! The real program, run in a folder of its own.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// A folder with settings and exports, removed in the end.
pub struct Project {
    folder: tempfile::TempDir,
}

/// How a command ended.
#[derive(Debug, PartialEq, Eq)]
pub struct Ended {
    /// The exit code; absent when a signal ended it.
    pub code: Option<i32>,
    /// What it printed.
    pub stdout: String,
    /// What it told.
    pub stderr: String,
}

/// Every path under a folder; folders hold nothing.
pub type Tree = BTreeMap<String, Option<Vec<u8>>>;

impl Project {
    /// A folder that holds `files`.
    pub fn new(files: &[(&str, &str)]) -> Project {
        let project = Project { folder: tempfile::tempdir().unwrap() };
        files.iter().for_each(|(path, text)| project.write(path, text));
        project
    }

    /// A folder that holds a copy of `from`.
    pub fn copy_of(from: &Path) -> Project {
        let project = Project::new(&[]);
        for (path, bytes) in tree(from) {
            if let Some(bytes) = bytes {
                project.write(&path, bytes);
            }
        }
        project
    }

    /// Writes one file, and the folders on the way to it.
    pub fn write(&self, path: &str, bytes: impl AsRef<[u8]>) {
        let path = self.path(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }

    /// Where a path of the project lies.
    pub fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    /// A file's text.
    pub fn read(&self, path: &str) -> String {
        std::fs::read_to_string(self.path(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// `outlay` with `arguments`, parted by blanks, in the project's folder.
    pub fn command(&self, arguments: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_outlay"));
        command.args(arguments.split_whitespace()).current_dir(self.folder.path()).stdin(Stdio::null());
        command
    }

    /// Runs `outlay` with `arguments`.
    pub fn run(&self, arguments: &str) -> Ended {
        self.command(arguments).output().unwrap().into()
    }

    /// Runs `outlay` with `arguments`, which must succeed; gives what it printed.
    pub fn succeeds(&self, arguments: &str) -> String {
        let ended = self.run(arguments);
        assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""), "outlay {arguments}");
        ended.stdout
    }

    /// Every path of the project.
    pub fn tree(&self) -> Tree {
        tree(self.folder.path())
    }
}

impl From<Output> for Ended {
    fn from(output: Output) -> Ended {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Ended { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }
}

/// Every path under `folder`, parted by `/`.
pub fn tree(folder: &Path) -> Tree {
    let (mut found, mut left) = (Tree::new(), vec![folder.to_owned()]);
    while let Some(inner) = left.pop() {
        for path in std::fs::read_dir(&inner).unwrap().map(|entry| entry.unwrap().path()) {
            let parts = path.strip_prefix(folder).unwrap().iter().map(|part| part.to_string_lossy());
            let name = parts.collect::<Vec<_>>().join("/");
            let bytes = path.is_file().then(|| std::fs::read(&path).unwrap());
            if bytes.is_none() {
                left.push(path);
            }
            found.insert(name, bytes);
        }
    }
    found
}

/// Asserts that two trees are the same, naming the paths where they differ rather than showing their bytes.
#[track_caller]
pub fn assert_same(before: &Tree, after: &Tree, what: &str) {
    let paths = before.keys().chain(after.keys());
    let mut differ: Vec<&String> = paths.filter(|path| before.get(*path) != after.get(*path)).collect();
    differ.sort();
    differ.dedup();
    assert!(differ.is_empty(), "{what}: {differ:?} differ");
}
