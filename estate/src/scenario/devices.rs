//! Connect with device synchronization on: computers that have registered themselves are exported as devices. Pure.

use adsync::configuration::ServerConfiguration;
use jiff::Timestamp;
use uuid::Uuid;

use crate::directory::{Directory, DirectoryError, ObjectClass};
use crate::value::{Attributes, Value};

/// The global parameter that the product's wizard sets.
const PARAMETER: &str = "Microsoft.OptionalFeature.DeviceWriteUp";

/// Object types that the rules for devices read and write.
const TYPES: [&str; 2] = ["computer", "device"];

/// Does what the wizard does when device options are switched on: the parameter, and the rules that wait for it.
pub(super) fn switch_on(configuration: &mut ServerConfiguration) {
    configuration.set_parameter(PARAMETER, "True");
    for rule in &mut configuration.rules {
        if TYPES.contains(&rule.source_object_type.as_str()) {
            rule.disabled = false;
        }
    }
}

/// Every computer has registered itself: its certificate is what the shipped rule for computers asks for.
pub(super) fn register_all(directory: &mut Directory, now: Timestamp) -> Result<(), DirectoryError> {
    let computers: Vec<Uuid> = directory
        .iter()
        .filter(|object| object.class == ObjectClass::Computer)
        .map(|object| object.guid)
        .collect();
    for computer in computers {
        let certificate = Value::Binary(computer.as_bytes().to_vec());
        directory.modify(computer, Attributes::new().with("userCertificate", certificate), &[], now)?;
    }
    Ok(())
}
