async fn export(user: SalesforceSession) -> StatusCode {
    let auth: SharedAuth = user.auth(); // refreshed through the session store, ended by the logout
    tokio::spawn(run_export(auth)); // in an hour it still has a valid token, unless the user signed out
    StatusCode::ACCEPTED
}
