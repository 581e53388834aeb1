/** Names for the codes in INQUIRY data, for people. Codes that no table here has are shown as numbers. */

/** PERIPHERAL DEVICE TYPE (smr-j, standard INQUIRY data). */
const deviceTypes: Readonly<Record<number, string>> = {
  0: "disk",
  1: "tape",
  4: "write-once medium",
  5: "CD or DVD",
  7: "optical medium",
  8: "medium changer",
  12: "storage array controller",
  13: "enclosure services",
  14: "simplified disk",
  20: "host managed zoned disk",
  31: "no device",
};

/** VERSION (smr-j, standard INQUIRY data). */
const versions: Readonly<Record<number, string>> = {
  3: "SPC",
  4: "SPC-2",
  5: "SPC-3",
  6: "SPC-4",
  7: "SPC-5",
  8: "SPC-6",
};

/** DESIGNATOR TYPE (smr-j, Device Identification page). */
const designatorTypes: Readonly<Record<number, string>> = {
  0: "vendor specific",
  1: "T10 vendor ID",
  2: "EUI-64",
  3: "NAA",
  4: "relative target port",
  5: "target port group",
  6: "logical unit group",
  7: "MD5",
  8: "SCSI name string",
  9: "protocol specific port",
  10: "UUID",
};

const hex = (code: number): string => `${code.toString(16).padStart(2, "0").toUpperCase()}h`;

/** `disk (00h)`. */
export function deviceTypeName(code: number): string {
  const name = deviceTypes[code];
  return name === undefined ? `type ${hex(code)}` : `${name} (${hex(code)})`;
}

/** `SPC-4`. */
export function standardVersionName(code: number): string {
  return versions[code] ?? (code === 0 ? "none claimed" : `version ${hex(code)}`);
}

/** `NAA`. */
export function designatorTypeName(code: number): string {
  return designatorTypes[code] ?? `type ${hex(code)}`;
}
