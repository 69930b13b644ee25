//! One JSON value to the CBOR of its element. A refusal is a sentence about what the value must be; it never repeats the value.

pub(in crate::format) mod binary;
mod free;
mod structures;
mod text;
mod time;

use serde_json::Value;

pub(super) use self::time::tdate;
pub(in crate::format) use self::time::{parse_date, parse_instant};
use super::cbor;
use super::elements::Kind;
use super::mapping::ClaimType;

/// What is wrong with a value: `must be …`.
pub(super) type Refusal = &'static str;
type Written = Result<(), Refusal>;

/// Appends the CBOR of `value` as an element of `kind`; `claim_type` decides where the kind leaves a choice.
pub(super) fn write(out: &mut Vec<u8>, kind: Kind, claim_type: Option<ClaimType>, value: &Value) -> Written {
    match kind {
        Kind::Free => free::write(out, claim_type, value),
        Kind::Text
        | Kind::Latin1
        | Kind::Alpha2
        | Kind::Subdivision
        | Kind::DistinguishingSign
        | Kind::Phone
        | Kind::Email
        | Kind::Url
        | Kind::OneOf(_) => text::write(out, kind, value),
        Kind::Date => time::write_date(out, value),
        Kind::Instant => time::write_instant(out, value),
        Kind::DateOrInstant if claim_type == Some(ClaimType::Date) => time::write_date(out, value),
        Kind::DateOrInstant => time::write_either(out, value),
        Kind::ApproximateDate => structures::write_approximate_date(out, value),
        Kind::Unsigned => {
            cbor::unsigned(out, unsigned(value)?);
            Ok(())
        }
        Kind::Code(codes) => {
            let code = unsigned(value).ok().filter(|code| codes.contains(code));
            cbor::unsigned(out, code.ok_or("must be a number from the standard's list")?);
            Ok(())
        }
        Kind::Boolean => boolean(out, value),
        Kind::Bytes | Kind::Image | Kind::OptionalJpeg => binary::write(out, kind, value),
        Kind::DrivingPrivileges => structures::write_driving_privileges(out, value),
        Kind::Place => structures::write_place(out, value),
        Kind::Countries => structures::write_countries(out, value),
    }
}

fn boolean(out: &mut Vec<u8>, value: &Value) -> Written {
    cbor::boolean(out, value.as_bool().ok_or("must be true or false")?);
    Ok(())
}

/// A whole number of at least 0; JSON does not tell 180 from 180.0.
fn unsigned(value: &Value) -> Result<u64, Refusal> {
    let whole = value.as_number().and_then(free::whole);
    whole.and_then(|number| u64::try_from(number).ok()).ok_or("must be a whole number, 0 or more")
}

fn string(value: &Value) -> Result<&str, Refusal> {
    value.as_str().ok_or("must be a string")
}
