/** A command, field by field, as the standard draws it: for dry runs, traces and people who learn. Sends nothing. */
import type { Command } from "./command.ts";
import { type Field, fieldsOf, type StructureName } from "./structures.ts";

/** Some bytes with their fields named. */
export interface DescribedBytes {
  /** The structure's name, as in assembly/fields.ts. */
  readonly structure: StructureName;
  /** All of them. */
  readonly bytes: Uint8Array;
  /** Each field with its place and value. */
  readonly fields: readonly Field[];
}

/** What a command would send. */
export interface DescribedCommand {
  /** The command's name, in the standard's words. */
  readonly name: string;
  /** What it may change. */
  readonly effect: Command<unknown>["effect"];
  /** The command descriptor block. */
  readonly cdb: DescribedBytes;
  /** The parameter list; undefined if nothing is sent, or only blocks of data. */
  readonly parameterList: DescribedBytes | undefined;
  /** Bytes of data that are sent without being a parameter list. */
  readonly dataOutLength: number;
  /** Most bytes that are accepted. */
  readonly dataInLength: number;
}

const described = (structure: StructureName, bytes: Uint8Array): DescribedBytes => ({
  structure,
  bytes,
  fields: fieldsOf(structure, bytes),
});

/**
 * What a command would send, and what each field of it holds.
 *
 * @example describeCommand(commands.reserve({ key: 0xabcn, type: "write-exclusive" })).cdb.fields
 */
export function describeCommand(command: Command<unknown>): DescribedCommand {
  const { dataOut } = command;
  const list = command.layout.dataOut;
  return {
    name: command.name,
    effect: command.effect,
    cdb: described(command.layout.cdb, command.cdb),
    parameterList: list === undefined || dataOut === undefined ? undefined : described(list, dataOut),
    dataOutLength: list === undefined ? (dataOut?.length ?? 0) : 0,
    dataInLength: command.dataInLength,
  };
}
