//! QR codes for terminals.

use qrcode::QrCode;
use qrcode::render::unicode::Dense1x2;

/// The text as a QR code of half-block characters, dark on light in a dark terminal; `None` when it is too long for one.
pub(super) fn render(text: &str) -> Option<String> {
    let code = QrCode::new(text).ok()?;
    let drawn = code.render::<Dense1x2>().dark_color(Dense1x2::Light).light_color(Dense1x2::Dark).build();
    Some(drawn)
}
