//! The contract as Markdown.

use std::fmt::Write as _;

use wit_parser::{Docs, Function, Interface, Resolve, Type, TypeDef, TypeDefKind, World, WorldItem, WorldKey};

use super::Contract;
use super::types::shown;

const HEAD: &str = "# The contract with plugins\n\n\
    Made from `sdk/wit/` by `cargo xtask contract`; do not edit. How plugins are written, configured and run: \
    [plugins.md](plugins.md).\n\n";

/// The whole page.
pub(super) fn render(contract: &Contract) -> String {
    let mut page = HEAD.to_owned();
    let Some(package) = contract.resolve.packages.get(contract.package) else { return page };
    let _ = writeln!(page, "Package `{}`.\n", package.name);
    page += &paragraphs(&package.docs);
    page += "## Worlds\n\n";
    for id in package.worlds.values() {
        page += &contract.resolve.worlds.get(*id).map(|one| world(&contract.resolve, one)).unwrap_or_default();
    }
    for id in package.interfaces.values() {
        page += &contract.resolve.interfaces.get(*id).map(|one| interface(&contract.resolve, one)).unwrap_or_default();
    }
    page.truncate(page.trim_end().len());
    page + "\n"
}

fn world(resolve: &Resolve, world: &World) -> String {
    let mut page = format!("### World `{}`\n\n", world.name);
    page += &paragraphs(&world.docs);
    for (label, items) in [("The host offers", &world.imports), ("The plugin exports", &world.exports)] {
        let names: Vec<_> = items.iter().map(|(key, item)| item_link(resolve, key, item)).collect();
        if !names.is_empty() {
            let _ = writeln!(page, "{label}: {}.\n", names.join(", "));
        }
    }
    page
}

fn item_link(resolve: &Resolve, key: &WorldKey, item: &WorldItem) -> String {
    let named = match item {
        WorldItem::Interface { id, .. } => resolve.interfaces.get(*id).and_then(|one| one.name.as_deref()),
        _ => None,
    };
    named.map_or_else(|| format!("`{}`", resolve.name_world_key(key)), |name| format!("[`{name}`](#interface-{name})"))
}

fn interface(resolve: &Resolve, interface: &Interface) -> String {
    let name = interface.name.as_deref().unwrap_or_default();
    let mut page = format!("## Interface `{name}`\n\n");
    page += &paragraphs(&interface.docs);
    for function in interface.functions.values() {
        page += &signature(resolve, function);
    }
    for id in interface.types.values() {
        page += &resolve.types.get(*id).map(|one| definition(resolve, one)).unwrap_or_default();
    }
    page
}

fn signature(resolve: &Resolve, function: &Function) -> String {
    let params = function.params.iter().map(|one| format!("{}: {}", one.name, shown(resolve, &one.ty)));
    let params = params.collect::<Vec<_>>().join(", ");
    let result = function.result.as_ref().map(|ty| format!(" -> {}", shown(resolve, ty))).unwrap_or_default();
    let line = format!("`{}: func({params}){result}`", function.name);
    format!("### Function `{}`\n\n{line}\n\n{}", function.name, paragraphs(&function.docs))
}

fn definition(resolve: &Resolve, definition: &TypeDef) -> String {
    let name = definition.name.as_deref().unwrap_or_default();
    let docs = paragraphs(&definition.docs);
    let table = match &definition.kind {
        TypeDefKind::Record(record) => {
            rows("Field", record.fields.iter().map(|one| (&one.name, Some(shown(resolve, &one.ty)), &one.docs)))
        }
        TypeDefKind::Variant(variant) => {
            let shown = |ty: &Option<Type>| Some(ty.map_or_else(String::new, |ty| shown(resolve, &ty)));
            rows("Case", variant.cases.iter().map(|one| (&one.name, shown(&one.ty), &one.docs)))
        }
        TypeDefKind::Enum(words) => rows("Case", words.cases.iter().map(|one| (&one.name, None, &one.docs))),
        // A `use` of another interface's type has that type's own entry.
        TypeDefKind::Type(Type::Id(_)) => return String::new(),
        TypeDefKind::Type(ty) => {
            return format!("### Type `{name}`\n\n`{}`\n\n{docs}", shown(resolve, ty));
        }
        _ => String::new(),
    };
    format!("### {} `{name}`\n\n{docs}{table}", capital(definition.kind.as_str()))
}

/// A table with a line for each field or case.
fn rows<'a>(kind: &str, rows: impl Iterator<Item = (&'a String, Option<String>, &'a Docs)>) -> String {
    let rows: Vec<_> = rows.collect();
    let typed = rows.iter().any(|(_, ty, _)| ty.is_some());
    let (head, rule) = if typed { (" Type |", " --- |") } else { ("", "") };
    let mut table = format!("| {kind} |{head} Meaning |\n| --- |{rule} --- |\n");
    for (name, ty, docs) in rows {
        let ty = ty.map(|ty| if ty.is_empty() { " |".into() } else { format!(" `{ty}` |") }).unwrap_or_default();
        let meaning = text(docs).replace('\n', " ").replace('|', "\\|");
        let meaning = if meaning.is_empty() { String::new() } else { format!(" {meaning}") };
        let _ = writeln!(table, "| `{name}` |{ty}{meaning} |");
    }
    table + "\n"
}

fn paragraphs(docs: &Docs) -> String {
    let text = text(docs);
    if text.is_empty() { text } else { text + "\n\n" }
}

/// The documentation without the rules that divide the file.
fn text(docs: &Docs) -> String {
    let lines = docs.contents.as_deref().unwrap_or_default().lines();
    lines.filter(|line| !line.starts_with("---")).collect::<Vec<_>>().join("\n").trim().to_owned()
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(text: &str) -> String {
        let mut resolve = Resolve::default();
        let package = resolve.push_str("a.wit", text).unwrap();
        render(&Contract { resolve, package })
    }

    #[test]
    fn records_variants_and_functions_have_their_words() {
        let page = page(
            "/// All.\npackage a:b@1.2.0;\n/// One.\ninterface c {\n/// Two.\nrecord d { /// Three | four,\n /// five.\n e: u8 }\n\
            variant f { g, h(d) }\nenum i { j }\n/// Six.\nk: func(l: f) -> d; }\nworld m { export c; }",
        );
        for line in [
            "Package `a:b@1.2.0`.",
            "The plugin exports: [`c`](#interface-c).",
            "| `e` | `u8` | Three \\| four, five. |",
            "| `g` | |",
            "| `h` | `d` |",
            "| `j` |",
            "`k: func(l: f) -> d`",
        ] {
            assert!(page.contains(line), "{line}\n{page}");
        }
        for word in ["All.", "One.", "Two.", "Six."] {
            assert!(page.lines().any(|line| line == word), "{word}\n{page}");
        }
    }

    #[test]
    fn a_used_type_is_described_once() {
        let page =
            page("package a:b@1.0.0; interface c { record d { e: u8 } } interface f { use c.{d}; g: func() -> d; }");
        assert_eq!(page.matches("### Record `d`").count(), 1, "{page}");
    }
}
