/** What dm-multipath says of its paths in a status line (drivers/md/dm-mpath.c, multipath_status). Pure text. */

/** One path of a map, as device mapper sees it. */
export interface MapPathStatus {
  /** `major:minor` of the disk. */
  readonly device: string;
  /** False: device mapper has seen it fail, and does not use it. */
  readonly active: boolean;
  /** How often it has failed. */
  readonly failures: number;
}

/**
 * The paths in the status of a target of type `multipath`.
 *
 * @returns undefined for a text that cannot be read to its end
 */
export function readMultipathStatus(text: string): MapPathStatus[] | undefined {
  const words = text.trim().split(/\s+/);
  let at = 0;
  let sound = true;
  const word = (): string => {
    const next = words[at++];
    if (next === undefined) sound = false;
    return next ?? "";
  };
  const number = (): number => {
    const text = word();
    if (!/^[0-9]+$/.test(text)) sound = false;
    return sound ? Number(text) : 0;
  };
  /** A number, and so many words, which matter to nobody here. */
  const skip = (): void => {
    const count = number();
    at += count;
  };
  skip();
  skip();
  const groups = number();
  number();
  const paths: MapPathStatus[] = [];
  for (let group = 0; group < groups && sound; group++) {
    word();
    skip();
    const count = number();
    const details = number();
    for (let path = 0; path < count && sound; path++) {
      const device = word();
      const state = word();
      const failures = number();
      if (!/^[0-9]+:[0-9]+$/.test(device) || !/^[AF]$/.test(state)) sound = false;
      paths.push({ device, active: state === "A", failures });
      at += details;
    }
  }
  return sound && at === words.length ? paths : undefined;
}
