//! A terminal, as far as a command can tell.

use std::fs::File;
use std::io::Read as _;

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use tokio::process::Command;

/// Runs the command with its standard output at a terminal: what arrives there.
pub(crate) async fn shown(mut command: Command) -> String {
    let screen = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&screen).unwrap();
    unlockpt(&screen).unwrap();
    let name = ptsname(&screen, Vec::new()).unwrap().into_string().unwrap();
    let terminal = File::options().read(true).write(true).open(name).unwrap();
    let child = command.stdout(terminal).spawn().unwrap();
    // Its copy of the terminal, too: what is read ends when nobody has it open.
    drop(command);
    let screen = tokio::task::spawn_blocking(move || {
        let (mut shown, mut screen) = (Vec::new(), File::from(screen));
        // Where nobody writes any more, there is an error and no end.
        let _ = screen.read_to_end(&mut shown);
        shown
    });
    assert!(child.wait_with_output().await.unwrap().status.success());
    String::from_utf8(screen.await.unwrap()).unwrap()
}
