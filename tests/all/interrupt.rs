//! Ctrl-C at any moment: code 130, what is there is whole, and nothing is left behind.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::program::{Ended, Project, Tree, assert_same};

/// What the program says when it had written nothing yet, and when all was in place.
const BEFORE: &str = "error: interrupted; results are as they were before\n";
const AFTER: &str = "error: interrupted; the new results were in place already\n";

/// Starts `outlay run`; returns once it handles interrupts, which on Linux can be told.
fn started(project: &Project) -> Child {
    let child = project.command("run").stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let status = format!("/proc/{}/status", child.id());
    let patience = Instant::now();
    while cfg!(target_os = "linux") && patience.elapsed() < Duration::from_secs(20) {
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let caught = text.lines().find_map(|line| line.strip_prefix("SigCgt:")).map_or("0", str::trim);
        if u64::from_str_radix(caught, 16).unwrap_or(0) & 0b10 != 0 {
            return child;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    std::thread::sleep(Duration::from_millis(200));
    child
}

fn interrupt(child: &Child) {
    let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).stderr(Stdio::null()).status();
    // a program that has ended already cannot be interrupted
    let _ = sent.unwrap();
}

/// The sample, with results of an earlier run that differ from the next one's.
fn project() -> Project {
    let project = Project::new(&[]);
    project.succeeds("init .");
    for path in ["plan.json", "models/model.json", "charts/frontier.svg", "manifest.json"] {
        project.write(&format!("out/{path}"), format!("earlier {path}\n"));
    }
    project
}

/// The results are the earlier ones or the new ones, and the exit code and the message say which.
#[track_caller]
fn told_truly(ended: &Ended, now: &Tree, earlier: &Tree, new: &Tree, what: &str) {
    match (ended.code, ended.stderr.as_str()) {
        (Some(130), BEFORE) => assert_same(now, earlier, what),
        (Some(130), AFTER) | (Some(0), "") => assert_same(now, new, what),
        _ => panic!("{what}: {ended:?}"),
    }
}

#[test]
fn at_any_moment_the_results_are_the_earlier_or_the_new_ones() {
    let earlier = project();
    let (before, began) = (earlier.tree(), Instant::now());
    let whole = started(&earlier);
    let handled = began.elapsed();
    assert!(whole.wait_with_output().unwrap().status.success());
    let (new, took) = (earlier.tree(), began.elapsed() - handled);
    assert!(new.keys().all(|path| !path.contains(".outlay-")), "a staging folder is left");
    let mut interrupted = 0;
    for share in [0.0, 0.2, 0.4, 0.6, 0.8, 0.95] {
        let project = project();
        let child = started(&project);
        std::thread::sleep(took.mul_f64(share));
        interrupt(&child);
        let ended: Ended = child.wait_with_output().unwrap().into();
        interrupted += u32::from(ended.code == Some(130));
        told_truly(&ended, &project.tree(), &before, &new, &format!("after {share} of the time"));
    }
    assert!(interrupted >= 2, "the program ended before most interrupts");
}

#[test]
fn while_results_are_written_too() {
    let reference = project();
    let before = reference.tree();
    reference.succeeds("run");
    let new = reference.tree();
    for round in 0..3 {
        let project = project();
        let mut child = started(&project);
        let staging = |path: std::path::PathBuf| path.file_name().unwrap().to_string_lossy().starts_with(".outlay-");
        while child.try_wait().unwrap().is_none() {
            let mut entries = std::fs::read_dir(project.path("out")).unwrap();
            if entries.any(|entry| entry.is_ok_and(|entry| staging(entry.path()))) {
                interrupt(&child);
                break;
            }
            std::thread::sleep(Duration::from_micros(100));
        }
        let ended: Ended = child.wait_with_output().unwrap().into();
        told_truly(&ended, &project.tree(), &before, &new, &format!("round {round}"));
    }
}
