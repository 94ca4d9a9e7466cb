//! The program: parse, run, exit. The library is whole without it.

mod cli;

fn main() -> std::process::ExitCode {
    cli::main()
}
