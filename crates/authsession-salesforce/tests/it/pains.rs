//! What goes wrong with sessions in the field, each by the row of the list it comes from, and that it does not go wrong here.

mod answers;
mod refreshing;
mod settings;
