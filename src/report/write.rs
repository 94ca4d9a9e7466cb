//! Outputs → files, whole or not at all.
//!
//! Everything is written into a staging folder inside the output folder, hence on its file system, and then renamed into
//! place one after another. When a rename fails, those before it are undone. A process that is killed between two
//! renames leaves whole files, some new and some old; `manifest.json`, renamed last, then tells which.
//!
//! An interrupt can come at any moment: its handler calls [`abandon`], which waits for a commit in progress, removes what
//! is staged and lets nothing be written after it.

use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{Output, charts};
use crate::check::{Error, Kind};

/// Writes `outputs` into `out_dir`, which is created if needed.
///
/// # Errors
///
/// [`Kind::Write`] naming the path and the reason. Earlier outputs are then as they were, and folders that were made for
/// the occasion are gone again. [`Kind::Bug`] when an output's path leaves the folder.
pub fn all(out_dir: &Path, outputs: &[Output]) -> Result<(), Error> {
    if outputs.is_empty() {
        return Ok(());
    }
    DESK.write(out_dir, outputs)
}

/// Waits for a commit in progress, removes what is staged, and refuses all writing from now on: the last act before the
/// process ends on an interrupt. Tells whether outputs of this process are in place already.
pub fn abandon() -> bool {
    DESK.close()
}

static DESK: Desk = Desk::new();

/// Where files are staged; its lock is held while one staged file is written, and during a commit.
struct Desk(Mutex<State>);

#[derive(Default)]
struct State {
    closed: bool,
    /// Whether a commit went through.
    committed: bool,
    staged: Vec<Staging>,
}

/// A staging folder and the folders that were made on the way to it, outermost first.
#[derive(Clone, Debug)]
struct Staging {
    folder: PathBuf,
    made: Vec<PathBuf>,
}

impl Staging {
    /// Removes the folder, and what was made on the way to it as far as nothing else is there. What cannot be removed
    /// stays: there is a failure to report already, or none at all.
    fn remove(&self) {
        let _ = fs::remove_dir_all(&self.folder);
        for folder in self.made.iter().rev() {
            let _ = fs::remove_dir(folder);
        }
    }
}

impl Desk {
    const fn new() -> Desk {
        Desk(Mutex::new(State { closed: false, committed: false, staged: Vec::new() }))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The lock, unless all writing was abandoned.
    fn open(&self) -> Result<MutexGuard<'_, State>, Error> {
        let state = self.lock();
        if state.closed { Err(Error::new(Kind::Write, "interrupted before anything was written")) } else { Ok(state) }
    }

    fn close(&self) -> bool {
        let mut state = self.lock();
        state.closed = true;
        state.staged.drain(..).for_each(|staging| staging.remove());
        state.committed
    }

    fn write(&self, out_dir: &Path, outputs: &[Output]) -> Result<(), Error> {
        outputs.iter().try_for_each(stays_inside)?;
        let staging = self.stage(out_dir)?;
        let written = outputs.iter().try_for_each(|output| {
            let _state = self.open()?;
            save(&staging.folder.join("new").join(&output.path), &output.bytes)
        });
        let written = written.and_then(|()| {
            let mut state = self.open()?;
            commit(out_dir, &staging.folder, outputs)?;
            state.committed = true;
            Ok(())
        });
        self.finish(&staging);
        written
    }

    /// A staging folder, known to [`Desk::close`] before anything is in it.
    fn stage(&self, out_dir: &Path) -> Result<Staging, Error> {
        let mut state = self.open()?;
        let made = missing(out_dir);
        let create = fs::create_dir_all(out_dir).map_err(|error| cannot_write(out_dir, &error));
        let folder = create.and_then(|()| {
            let folder = tempfile::Builder::new().prefix(".outlay-").tempdir_in(out_dir);
            folder.map(tempfile::TempDir::keep).map_err(|error| cannot_write(out_dir, &error))
        });
        let staging = Staging { folder: folder.as_ref().cloned().unwrap_or_default(), made };
        if let Err(error) = folder {
            staging.remove();
            return Err(error);
        }
        state.staged.push(staging.clone());
        Ok(staging)
    }

    fn finish(&self, staging: &Staging) {
        let mut state = self.lock();
        state.staged.retain(|other| other.folder != staging.folder);
        staging.remove();
    }
}

/// An output may not name its way out of the folder.
fn stays_inside(output: &Output) -> Result<(), Error> {
    let path = Path::new(&output.path);
    let is_plain = path.components().all(|part| matches!(part, Component::Normal(_))) && !output.path.is_empty();
    if is_plain { Ok(()) } else { Err(Error::new(Kind::Bug, format!("output path `{}`", output.path))) }
}

/// Folders that do not exist on the way to `path`, outermost first.
fn missing(path: &Path) -> Vec<PathBuf> {
    let absent = |folder: &&Path| !folder.as_os_str().is_empty() && fs::symlink_metadata(folder).is_err();
    let mut missing: Vec<PathBuf> = path.ancestors().take_while(absent).map(Path::to_owned).collect();
    missing.reverse();
    missing
}

fn save(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let folder = path.parent().map_or(Ok(()), fs::create_dir_all);
    folder.and_then(|()| fs::write(path, bytes)).map_err(|error| cannot_write(path, &error))
}

/// A step of a commit that can be undone.
enum Done {
    /// A folder was made.
    Folder(PathBuf),
    /// A file was put where none was.
    Added(PathBuf),
    /// A file replaced the one that the second path keeps.
    Replaced(PathBuf, PathBuf),
    /// A file was taken away to the second path.
    Removed(PathBuf, PathBuf),
}

impl Done {
    fn undo(&self) {
        let _ = match self {
            Done::Folder(path) => fs::remove_dir(path),
            Done::Added(path) => fs::remove_file(path),
            Done::Replaced(path, earlier) | Done::Removed(path, earlier) => fs::rename(earlier, path),
        };
    }
}

/// Renames every staged file into place; when one fails, undoes those before it.
fn commit(out_dir: &Path, staging: &Path, outputs: &[Output]) -> Result<(), Error> {
    let mut done = Vec::new();
    let result = outputs.iter().enumerate().try_for_each(|(index, output)| {
        let earlier = staging.join(format!("old-{index}"));
        place(&staging.join("new").join(&output.path), &out_dir.join(&output.path), earlier, &mut done)
    });
    let result = result.and_then(|()| {
        stale(out_dir, outputs).into_iter().enumerate().try_for_each(|(index, path)| {
            let kept = staging.join(format!("stale-{index}"));
            fs::rename(&path, &kept).map_err(|error| cannot_write(&path, &error))?;
            done.push(Done::Removed(path, kept));
            Ok(())
        })
    });
    if result.is_err() {
        done.iter().rev().for_each(Done::undo);
    }
    result
}

/// Charts of an earlier run that this one, which draws charts too, did not draw: of channels that are no more.
fn stale(out_dir: &Path, outputs: &[Output]) -> Vec<PathBuf> {
    let drawn = |path: &Path| outputs.iter().any(|output| out_dir.join(&output.path) == path);
    if !outputs.iter().any(|output| output.path.starts_with("charts/")) {
        return Vec::new();
    }
    let there = fs::read_dir(out_dir.join("charts")).into_iter().flatten().flatten().map(|entry| entry.path());
    let ours = |path: &PathBuf| path.file_name().and_then(|name| name.to_str()).is_some_and(charts::is_ours);
    let mut stale: Vec<PathBuf> = there.filter(ours).filter(|path| !drawn(path)).collect();
    stale.sort();
    stale
}

fn place(from: &Path, to: &Path, earlier: PathBuf, done: &mut Vec<Done>) -> Result<(), Error> {
    let folder = to.parent().unwrap_or(Path::new(""));
    let made = missing(folder);
    fs::create_dir_all(folder).map_err(|error| cannot_write(folder, &error))?;
    done.extend(made.into_iter().map(Done::Folder));
    let there = fs::symlink_metadata(to);
    if there.as_ref().is_ok_and(fs::Metadata::is_dir) {
        return Err(cannot_write(to, &io::Error::other("a folder stands in its place")));
    }
    if there.is_ok() {
        // A second name for the earlier file keeps it until the commit is through; the rename then replaces it at once.
        let kept = fs::hard_link(to, &earlier).or_else(|_| fs::copy(to, &earlier).map(drop));
        kept.map_err(|error| cannot_write(to, &error))?;
        fs::rename(from, to).map_err(|error| cannot_write(to, &error))?;
        done.push(Done::Replaced(to.to_owned(), earlier));
    } else {
        fs::rename(from, to).map_err(|error| cannot_write(to, &error))?;
        done.push(Done::Added(to.to_owned()));
    }
    Ok(())
}

fn cannot_write(path: &Path, error: &io::Error) -> Error {
    Error::new(Kind::Write, format!("cannot write {}: {error}", path.display()))
        .help("give a folder that can be written with `--out DIR`; earlier outputs are as they were")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn files(folder: &Path) -> BTreeMap<String, String> {
        let mut found = BTreeMap::new();
        for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
            let name = entry.file_name().to_string_lossy().into_owned();
            if entry.path().is_dir() {
                found.insert(format!("{name}/"), String::new());
                found.extend(files(&entry.path()).into_iter().map(|(inner, text)| (format!("{name}/{inner}"), text)));
            } else {
                found.insert(name, fs::read_to_string(entry.path()).unwrap());
            }
        }
        found
    }

    fn outputs() -> [Output; 3] {
        [Output::new("a.json", "new a"), Output::new("charts/b.svg", "new b"), Output::new("z.csv", "new z")]
    }

    #[test]
    fn files_appear_whole_and_leave_no_staging_behind() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("deep/out");
        all(&out, &outputs()).unwrap();
        all(&out, &outputs()[..1]).unwrap();
        let names = files(&out).into_keys().collect::<Vec<_>>();
        assert_eq!(names, ["a.json", "charts/", "charts/b.svg", "z.csv"]);
    }

    #[test]
    fn charts_of_an_earlier_run_go_and_other_files_stay() {
        let folder = tempfile::tempdir().unwrap();
        let drawn = |names: &[&str]| -> Vec<Output> {
            names.iter().map(|name| Output::new(format!("charts/{name}"), "drawn")).collect()
        };
        all(folder.path(), &drawn(&["curve-001-a.svg", "curve-002-b.svg", "frontier.svg"])).unwrap();
        fs::write(folder.path().join("charts/mine.svg"), "by hand").unwrap();
        all(folder.path(), &[Output::new("plan.csv", "no charts")]).unwrap();
        assert_eq!(files(folder.path()).len(), 6);
        all(folder.path(), &drawn(&["curve-001-a.svg"])).unwrap();
        let names = files(folder.path()).into_keys().collect::<Vec<_>>();
        assert_eq!(names, ["charts/", "charts/curve-001-a.svg", "charts/mine.svg", "plan.csv"]);
    }

    #[test]
    fn a_path_through_a_file_is_refused_and_named() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("file"), "kept").unwrap();
        let error = all(&folder.path().join("file/out"), &outputs()).unwrap_err();
        assert_eq!(error.kind, Kind::Write);
        assert!(error.to_string().contains("file/out"), "{error}");
        assert_eq!(files(folder.path()), [("file".to_owned(), "kept".to_owned())].into());
    }

    #[test]
    fn a_folder_in_the_way_undoes_what_was_placed_before_it() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("z.csv")).unwrap();
        fs::write(folder.path().join("a.json"), "earlier a").unwrap();
        let before = files(folder.path());
        let error = all(folder.path(), &outputs()).unwrap_err();
        assert!(error.to_string().contains("z.csv: a folder stands in its place"), "{error}");
        assert_eq!(files(folder.path()), before);
    }

    #[test]
    fn a_folder_that_was_made_for_nothing_is_gone_again() {
        let folder = tempfile::tempdir().unwrap();
        let clash = [Output::new("a", "file"), Output::new("a/b", "inside it")];
        let error = all(&folder.path().join("deep/out"), &clash).unwrap_err();
        assert_eq!(error.kind, Kind::Write);
        assert_eq!(files(folder.path()), BTreeMap::new());
    }

    #[test]
    fn a_path_that_leaves_the_folder_is_a_bug() {
        for path in ["../a", "/a", "a/../../b", ""] {
            let error = all(Path::new("never-made"), &[Output::new(path, "")]).unwrap_err();
            assert_eq!(error.kind, Kind::Bug, "{path}");
        }
        assert!(!Path::new("never-made").exists());
    }

    #[test]
    fn what_was_in_place_before_an_interrupt_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let desk = Desk::new();
        desk.write(folder.path(), &outputs()).unwrap();
        assert!(desk.close());
    }

    #[test]
    fn what_is_abandoned_leaves_nothing_and_lets_nothing_through() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("out");
        let desk = Desk::new();
        let staging = desk.stage(&out).unwrap();
        save(&staging.folder.join("new/a"), b"half").unwrap();
        assert!(!desk.close(), "nothing is in place");
        assert_eq!(files(folder.path()), BTreeMap::new());
        assert_eq!(desk.write(&out, &outputs()).unwrap_err().kind, Kind::Write);
        assert_eq!(files(folder.path()), BTreeMap::new());
    }
}
