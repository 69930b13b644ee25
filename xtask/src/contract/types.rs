//! Types as an author writes them.

use wit_parser::{Resolve, Type, TypeDefKind, TypeId};

/// A type in the words of WIT.
pub(super) fn shown(resolve: &Resolve, ty: &Type) -> String {
    let name = match ty {
        Type::Bool => "bool",
        Type::U8 => "u8",
        Type::U16 => "u16",
        Type::U32 => "u32",
        Type::U64 => "u64",
        Type::S8 => "s8",
        Type::S16 => "s16",
        Type::S32 => "s32",
        Type::S64 => "s64",
        Type::F32 => "f32",
        Type::F64 => "f64",
        Type::Char => "char",
        Type::String => "string",
        Type::ErrorContext => "error-context",
        Type::Id(id) => return named(resolve, *id),
    };
    name.to_owned()
}

fn named(resolve: &Resolve, id: TypeId) -> String {
    let Some(definition) = resolve.types.get(id) else { return String::from("?") };
    if let Some(name) = &definition.name {
        return name.clone();
    }
    match &definition.kind {
        TypeDefKind::Option(inner) => format!("option<{}>", shown(resolve, inner)),
        TypeDefKind::List(inner) => format!("list<{}>", shown(resolve, inner)),
        TypeDefKind::Type(inner) => shown(resolve, inner),
        TypeDefKind::Tuple(tuple) => format!("tuple<{}>", all(resolve, &tuple.types)),
        TypeDefKind::Result(result) => match (&result.ok, &result.err) {
            (None, None) => "result".into(),
            (Some(ok), None) => format!("result<{}>", shown(resolve, ok)),
            (ok, Some(err)) => {
                let ok = ok.as_ref().map_or_else(|| "_".into(), |ok| shown(resolve, ok));
                format!("result<{ok}, {}>", shown(resolve, err))
            }
        },
        other => other.as_str().to_owned(),
    }
}

fn all(resolve: &Resolve, types: &[Type]) -> String {
    types.iter().map(|ty| shown(resolve, ty)).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_read_as_they_are_written() {
        let mut resolve = Resolve::default();
        let text = "package a:b@1.0.0;\ninterface c { record thing { x: u8 } \
            d: func(a: list<tuple<string, option<thing>>>) -> result<_, list<string>>; e: func() -> result<thing, s64>; }";
        resolve.push_str("a.wit", text).unwrap();
        let functions: Vec<_> = resolve.interfaces.iter().flat_map(|(_, one)| one.functions.values()).collect();
        let [d, e] = functions.as_slice() else { panic!("two functions") };
        assert_eq!(shown(&resolve, &d.params[0].ty), "list<tuple<string, option<thing>>>");
        assert_eq!(shown(&resolve, &d.result.unwrap()), "result<_, list<string>>");
        assert_eq!(shown(&resolve, &e.result.unwrap()), "result<thing, s64>");
    }
}
