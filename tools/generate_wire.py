"""Regenerates the wire code from `src/ibwire/wire/schema/*.proto` (run by `make wire`).

Three outputs, all checked in: protoc's classes and stubs, the records in `wire/messages/`, and the functions that
convert between the two. `src/ibwire/wire/schema/README.md` says what the comments in the schema mean.
"""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    FieldDescriptorProto,
    FileDescriptorProto,
    FileDescriptorSet,
)

SRC = Path(__file__).parents[1] / "src"
SCHEMA = SRC / "ibwire" / "wire" / "schema"
MESSAGES = SRC / "ibwire" / "wire" / "messages"

F = FieldDescriptorProto
SCALARS = {
    F.TYPE_INT32: "int",
    F.TYPE_INT64: "int",
    F.TYPE_DOUBLE: "float",
    F.TYPE_STRING: "str",
    F.TYPE_BOOL: "bool",
}


@dataclass
class Field:
    """One field of a message: how it looks in the record, and how it crosses to protobuf and back.

    `decode` is an expression, `encode` the statements that write it into protobuf's message, if it is there.
    """

    name: str
    annotation: str
    default: str
    decode: str
    encode: list[str]
    note: str
    uses: set[str] = field(default_factory=set)


@dataclass
class Message:
    """One message of the schema, ready to be written out."""

    name: str
    doc: str
    fields: list[Field]

    @property
    def function(self) -> str:
        return snake_case(self.name)

    @property
    def is_scalar(self) -> bool:
        """Whether it holds no container, so that the garbage collector need not track it."""
        return not any(f.annotation.startswith(("tuple", "dict")) or f.uses for f in self.fields)


def snake_case(name: str) -> str:
    name = name.replace("PnL", "Pnl")
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


def run_protoc(descriptor_file: Path) -> None:
    protos = sorted(str(path.relative_to(SRC)) for path in SCHEMA.glob("*.proto"))
    arguments = [
        "-I.",
        "--python_out=.",
        "--pyi_out=.",
        f"--descriptor_set_out={descriptor_file}",
        "--include_source_info",
    ]
    subprocess.run([sys.executable, "-m", "grpc_tools.protoc", *arguments, *protos], cwd=SRC, check=True)


def comments(file: FileDescriptorProto) -> tuple[dict[int, str], dict[tuple[int, int], str]]:
    """The comment before each message, and after each field, by their indexes in the file."""
    leading: dict[int, str] = {}
    trailing: dict[tuple[int, int], str] = {}
    for location in file.source_code_info.location:
        path = tuple(location.path)
        if len(path) == 2 and path[0] == FileDescriptorProto.MESSAGE_TYPE_FIELD_NUMBER:
            leading[path[1]] = location.leading_comments.strip()
        if len(path) == 4 and path[2] == DescriptorProto.FIELD_FIELD_NUMBER:
            trailing[path[1], path[3]] = location.trailing_comments.strip()
    return leading, trailing


def read_field(descriptor: FieldDescriptorProto, message: DescriptorProto, comment: str, *, explicit: bool) -> Field:
    notes = [note.strip() for note in comment.split(";") if note.strip()]
    default = next((note.removeprefix("default: ") for note in notes if note.startswith("default: ")), None)
    keeps_false = explicit or "keeps false" in notes
    note = "; ".join(note for note in notes if not note.startswith("default: ") and note != "keeps false")
    name, source, record = descriptor.name, f"p.{descriptor.name}", f"m.{descriptor.name}"
    if descriptor.type == F.TYPE_MESSAGE:
        if descriptor.type_name.endswith("Entry") and any(
            nested.options.map_entry and descriptor.type_name.endswith("." + nested.name)
            for nested in message.nested_type
        ):
            encode = [f"if {record}:", f"    {source}.update({record})"]
            return Field(name, "dict[str, str]", "{}", f"dict({source})", encode, note)
        other = descriptor.type_name.rsplit(".", 1)[1]
        function = snake_case(other)
        if descriptor.label == F.LABEL_REPEATED:
            decode = f"tuple([{function}_from_proto(item, item.HasField) for item in {source}])"
            encode = [f"for item in {record}:", f"    {function}_to_proto(item, {source}.add())"]
            return Field(name, f"tuple[{other}, ...]", "()", decode, encode, note, {other})
        decode = f'{function}_from_proto({source}, {source}.HasField) if has("{name}") else None'
        encode = [
            f"if {record} is not None:",
            f"    {source}.SetInParent()",  # an empty one is there, too
            f"    {function}_to_proto({record}, {source})",
        ]
        start = f"{other}()" if default == "{}" else "None"
        return Field(name, f"{other} | None", start, decode, encode, note, {other})
    annotation = SCALARS[descriptor.type]
    if descriptor.label == F.LABEL_REPEATED:
        encode = [f"if {record}:", f"    {source}.extend({record})"]
        return Field(name, f"tuple[{annotation}, ...]", "()", f"tuple({source})", encode, note)
    # A scalar that is not zero was sent; only a zero needs the question, which costs twice as much as the value.
    decode = f'{source} or ({source} if has("{name}") else None)'
    omitted = annotation in ("str", "bool") and not keeps_false
    start = {"true": "True", "false": "False", None: "None"}.get(default, default)
    encode = [f"if {record}:" if omitted else f"if {record} is not None:", f"    {source} = {record}"]
    return Field(name, f"{annotation} | None", str(start), decode, encode, note)


def read_messages(file: FileDescriptorProto) -> list[Message]:
    leading, trailing = comments(file)
    messages = []
    for index, descriptor in enumerate(file.message_type):
        lines = [line.strip() for line in leading[index].splitlines()]
        doc = " ".join(line for line in lines if line != "explicit")
        fields = [
            read_field(field, descriptor, trailing.get((index, i), ""), explicit="explicit" in lines)
            for i, field in enumerate(descriptor.field)
        ]
        messages.append(Message(descriptor.name, doc, fields))
    return in_order_of_use(messages)


def in_order_of_use(messages: list[Message]) -> list[Message]:
    """Messages sorted so that each comes after those of its file that it holds; otherwise as in the file."""
    by_name = {message.name: message for message in messages}
    done: dict[str, Message] = {}

    def place(message: Message) -> None:
        for used in sorted({name for f in message.fields for name in f.uses}):
            if used in by_name and used not in done:
                place(by_name[used])
        done.setdefault(message.name, message)

    for message in messages:
        place(message)
    return list(done.values())


def records_module(title: str, messages: list[Message], homes: dict[str, str], group: str) -> str:
    lines = [
        f'"""{title}',
        "",
        f"Generated from `../schema/{group}.proto` by `make wire`; do not edit.",
        '"""',
        "",
    ]
    lines += ["from __future__ import annotations", "", "from msgspec import Struct", ""]
    lines += foreign_imports(messages, homes, group, "from ibwire.wire.messages.{home} import {names}", "{name}")
    for message in messages:
        options = ["frozen=True", "repr_omit_defaults=True", *(["kw_only=True"] if len(message.fields) > 3 else [])]
        options += ["gc=False"] if message.is_scalar else []
        lines += ["", f"class {message.name}(Struct, {', '.join(options)}):", f'    """{message.doc}"""', ""]
        for f in message.fields:
            note = f"  # {f.note}" if f.note else ""
            lines.append(f"    {f.name}: {f.annotation} = {f.default}{note}")
        if not message.fields:
            lines.pop()
        lines.append("")
    return "\n".join(lines)


def convert_module(messages: list[Message], homes: dict[str, str], group: str) -> str:
    lines = [
        f'"""Between the records of `{group}` and protoc\'s classes; generated by `make wire`, do not edit."""',
        "",
    ]
    lines += ["from __future__ import annotations", "", "from collections.abc import Callable", ""]
    lines += [f"from ibwire.wire.messages import {group} as records"]
    lines += [f"from ibwire.wire.schema import {group}_pb2 as pb", ""]
    template = "from ibwire.wire.schema.{home}_convert import {names}"
    lines += foreign_imports(messages, homes, group, template, "{function}_from_proto, {function}_to_proto")
    lines += [
        "Has = Callable[[str], bool]",
        '"""`HasField` of the message given with it: bound once, it costs a third."""',
        "",
    ]
    for message in messages:
        name, function = message.name, message.function
        p, m = ("p", "m") if message.fields else ("_p", "_m")
        has = "has" if any("has(" in f.decode for f in message.fields) else "_has"
        lines += ["", f"def {function}_from_proto({p}: pb.{name}, {has}: Has) -> records.{name}:"]
        lines += call(f"records.{name}", [f"{f.name}={f.decode}" for f in message.fields])
        lines += ["", "", f"def {function}_to_proto({m}: records.{name}, {p}: pb.{name}) -> None:"]
        # Field by field: with keyword arguments protobuf looks every field up, the absent ones too.
        lines += [f"    {statement}" for f in message.fields for statement in f.encode] or ["    pass"]
        lines.append("")
    return "\n".join(lines)


def call(function: str, arguments: list[str]) -> list[str]:
    if not arguments:
        return [f"    return {function}()"]
    return [f"    return {function}(", *[f"        {argument}," for argument in arguments], "    )"]


def foreign_imports(messages: list[Message], homes: dict[str, str], group: str, template: str, item: str) -> list[str]:
    used = sorted({name for message in messages for f in message.fields for name in f.uses if homes[name] != group})
    by_home: dict[str, list[str]] = {}
    for name in used:
        by_home.setdefault(homes[name], []).append(item.format(name=name, function=snake_case(name)))
    lines = [template.format(home=home, names=", ".join(names)) for home, names in sorted(by_home.items())]
    return [*lines, ""] if lines else []


def package_module(groups: dict[str, list[Message]]) -> str:
    lines = ['"""Every message of the wire as a frozen record; generated by `make wire`, do not edit."""', ""]
    for group, messages in sorted(groups.items()):
        names = ", ".join(sorted(message.name for message in messages))
        lines.append(f"from ibwire.wire.messages.{group} import {names}")
    names = sorted(message.name for messages in groups.values() for message in messages)
    lines += ["", "__all__ = [", *[f'    "{name}",' for name in names], "]", ""]
    return "\n".join(lines)


def converters_module(groups: dict[str, list[Message]]) -> str:
    lines = [
        '"""Each record with its parser and its two converters; generated by `make wire`, do not edit."""',
        "",
    ]
    lines += [
        "from __future__ import annotations",
        "",
        "from collections.abc import Callable",
        "from typing import Any",
        "",
    ]
    lines += ["from ibwire.wire import messages as records"]
    for group in sorted(groups):
        lines.append(f"from ibwire.wire.schema import {group}_convert, {group}_pb2")
    lines += [
        "",
        "# record class: (protobuf class, protobuf message and its HasField to record, record into protobuf message)",
    ]
    lines += ["CONVERTERS: dict[type, tuple[type[Any], Callable[[Any, Any], Any], Callable[[Any, Any], None]]] = {"]
    for group, messages in sorted(groups.items()):
        for m in messages:
            c = f"{group}_convert.{m.function}"
            lines.append(f"    records.{m.name}: ({group}_pb2.{m.name}, {c}_from_proto, {c}_to_proto),")
    lines += ["}", ""]
    return "\n".join(lines)


def schema_digest() -> str:
    """The fingerprint of the schema, written into `schema/__init__.py` so that a test can see stale generated code."""
    digest = hashlib.sha256()
    for path in sorted(SCHEMA.glob("*.proto")):
        digest.update(path.read_bytes().replace(b"\r\n", b"\n"))
    return digest.hexdigest()


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        descriptor_file = Path(folder) / "schema.binpb"
        run_protoc(descriptor_file)
        files = FileDescriptorSet.FromString(descriptor_file.read_bytes()).file
    MESSAGES.mkdir(exist_ok=True)
    groups = {Path(file.name).stem: read_messages(file) for file in files}
    homes = {message.name: group for group, messages in groups.items() for message in messages}
    for group, messages in groups.items():
        title = (SCHEMA / f"{group}.proto").read_text().splitlines()[0].removeprefix("// ")
        (MESSAGES / f"{group}.py").write_text(records_module(title, messages, homes, group))
        (SCHEMA / f"{group}_convert.py").write_text(convert_module(messages, homes, group))
    (MESSAGES / "__init__.py").write_text(package_module(groups))
    (SCHEMA / "converters.py").write_text(converters_module(groups))
    (SCHEMA / "__init__.py").write_text(
        '"""The schema of the wire and the code generated from it; see README.md here."""\n\n'
        f'DIGEST = "{schema_digest()}"\n'
    )
    print(f"{len(homes)} messages in {len(groups)} groups")


if __name__ == "__main__":
    main()
