/** The table of a drawing: bytes down, bits across, each field in its place, and the bytes themselves beside it. */

import { element } from "./dom.ts";
import { type Drawing, type DrawnField, type DrawnPart, valueText } from "./drawing.ts";

/** The place that a sense pointer means. */
export interface Pointer {
  readonly byte: number;
  readonly bit: number | undefined;
}

const hex = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).toUpperCase().padStart(2, "0")).join(" ");

/** How many rows the standard gives a field of whole bytes: one, two, or the first, dots, and the last. */
const rowsFor = (count: number): number => Math.min(count, 3);

function isMeant({ byte, bit, width }: DrawnField, pointer: Pointer | undefined): boolean {
  if (pointer === undefined) return false;
  const first = byte * 8 + 7 - bit;
  const at = pointer.byte * 8 + (pointer.bit === undefined ? 0 : 7 - pointer.bit);
  const until = pointer.bit === undefined ? at + 8 : at + 1;
  return first < until && at < first + width;
}

/** A name that may be broken where its words meet: one bit is not wide. */
const breakable = (name: string): Node[] =>
  name
    .split(/(?<=_)|(?<=^FILE)(?=MARK$)/)
    .flatMap((part, index) => (index === 0 ? [text(part)] : [element("wbr"), text(part)]));
const text = (content: string): Node => document.createTextNode(content);

function fieldCell(field: DrawnField, columns: number, rows: number, pointer: Pointer | undefined, rest = false): Node {
  const meant = isMeant(field, pointer);
  const classes = [
    field.empty ? `empty${columns === 1 ? " one" : ""}` : field.width === 1 ? "field one" : "field",
    meant ? "meant" : "",
  ];
  const name = element("span", { class: "name" }, ...breakable(field.name));
  const properties = { class: classes.join(" ").trim(), colspan: columns, rowspan: rows };
  if (field.empty) return element("td", properties, name);
  if (rest) return element("td", properties, element("span", { class: "name" }, `${field.name}, continued`));
  const value = element("span", { class: "value" }, valueText(field));
  const meaning =
    field.meaning !== undefined && field.name !== "ISCSI NAME" && element("span", { class: "meaning" }, field.meaning);
  return element(
    "td",
    properties,
    name,
    " ",
    value,
    meaning && " ",
    meaning,
    meant && element("span", { class: "mark" }, "← the field meant"),
  );
}

/** A row of the table, as it grows. */
interface Row {
  readonly label: string;
  readonly cells: Node[];
  readonly bytes: Uint8Array;
}

/** The rows of one part. A field that begins within a byte and goes on is drawn as its beginning, and the rest. */
function rowsOf({ fields }: DrawnPart, bytes: Uint8Array, pointer: Pointer | undefined): Row[] {
  const rows: Row[] = [];
  let open: Row | undefined;
  const rowAt = (byte: number): Row => {
    if (open?.label !== String(byte)) {
      open = { label: String(byte), cells: [], bytes: bytes.subarray(byte, byte + 1) };
      rows.push(open);
    }
    return open;
  };
  const wholeBytes = (field: DrawnField, byte: number, count: number, rest: boolean): void => {
    const height = rowsFor(count);
    const first: Row = {
      label: String(byte),
      cells: [fieldCell(field, 8, height, pointer, rest)],
      bytes: bytes.subarray(byte, byte + 1),
    };
    rows.push(first);
    if (height === 3) rows.push({ label: "⋯", cells: [], bytes: bytes.subarray(byte + 1, byte + count - 1) });
    if (height > 1) {
      const last = byte + count - 1;
      rows.push({ label: String(last), cells: [], bytes: bytes.subarray(last, last + 1) });
    }
    open = undefined;
  };
  for (const field of fields) {
    const here = Math.min(field.width, field.bit + 1);
    const partial = here < 8;
    if (partial) rowAt(field.byte).cells.push(fieldCell(field, here, 1, pointer));
    const left = field.width - (partial ? here : 0);
    if (left > 0) wholeBytes(field, field.byte + (partial ? 1 : 0), left / 8, partial);
  }
  return rows;
}

const MOST_HEX = 3;

/** The bytes of a row; of many, as many as fit. */
const hexText = (bytes: Uint8Array): string =>
  bytes.length <= MOST_HEX + 1 ? hex(bytes) : `${hex(bytes.subarray(0, MOST_HEX))} …`;

/**
 * The table.
 *
 * @param pointer the place in these bytes that sense data point at
 */
export function drawingTable({ title, bytes, parts }: Drawing, pointer?: Pointer): HTMLElement {
  const bits = [7, 6, 5, 4, 3, 2, 1, 0].map((bit) => element("th", { scope: "col", class: "bit" }, String(bit)));
  const head = element(
    "thead",
    {},
    element(
      "tr",
      {},
      element("th", { scope: "col", class: "byte" }, "Byte"),
      ...bits,
      element("th", { scope: "col", class: "hex" }, "Hex"),
    ),
  );
  const bodies = parts.map((part) => {
    const heading =
      part.title !== undefined &&
      element("tr", { class: "part" }, element("th", { scope: "rowgroup", colspan: 10 }, part.title));
    const rows = rowsOf(part, bytes, pointer).map((row) =>
      element(
        "tr",
        {},
        element("th", { scope: "row", class: "byte" }, row.label),
        ...row.cells,
        element("td", { class: "hex" }, hexText(row.bytes)),
      ),
    );
    return element("tbody", {}, heading, ...rows);
  });
  const size = `${bytes.length} ${bytes.length === 1 ? "byte" : "bytes"}`;
  const caption = element("caption", {}, title, " ", element("small", {}, size));
  const table = element("table", { class: "drawing" }, caption, head, ...bodies);
  return element(
    "div",
    { class: "scroll", role: "region", "aria-label": `${title}, byte by byte`, tabindex: 0 },
    table,
  );
}
