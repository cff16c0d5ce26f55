//! The README's quick start, run as it stands.

// placeholder until the README is there
