//! The device code grant (RFC 8628 §3.4): a token once the user has agreed on another device.

use crate::grant::Grant;
use crate::http::Form;
use crate::secret::Secret;

/// A device code. [`PendingDevice`](crate::device_authorization::PendingDevice) presents it until the user has answered.
#[derive(Clone, Debug)]
pub struct DeviceCode {
    /// The code of the device authorization response.
    pub device_code: Secret,
}

impl Grant for DeviceCode {
    fn write(&self, form: &mut Form) {
        form.push("grant_type", "urn:ietf:params:oauth:grant-type:device_code");
        form.push("device_code", self.device_code.expose());
    }
}
