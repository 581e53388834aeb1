/**
 * A file with a plan of failures (JSON.md describes it): from its text to the plan, with the line of whatever is wrong in it.
 * What a plan may say is decided elsewhere.
 */
import type { ServeFaultPlan } from "../transports/serve.ts";
import { JsonTextError, parseLocatedJson } from "./located-json.ts";

/** `0x5f` as people write it; anything else as it is. */
const numberOf = (value: unknown): unknown =>
  typeof value === "string" && /^0x[0-9a-f]{1,4}$/i.test(value) ? Number(value) : value;

/** `2A/03`: ADDITIONAL SENSE CODE and qualifier. */
function conditionOf(value: unknown): unknown {
  const parts = typeof value === "string" ? /^([0-9a-f]{2})\/([0-9a-f]{2})$/i.exec(value) : null;
  return parts === null ? numberOf(value) : Number.parseInt(`${parts[1]}${parts[2]}`, 16);
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** What JSON has no numbers for, where a rule takes them. */
function readRule(rule: unknown): unknown {
  if (!isObject(rule)) return rule;
  const { fault } = rule;
  const read = { ...rule };
  for (const name of ["operationCodes", "serviceActions"]) {
    const list = rule[name];
    if (Array.isArray(list)) read[name] = list.map(numberOf);
  }
  if (isObject(fault) && "condition" in fault) read.fault = { ...fault, condition: conditionOf(fault.condition) };
  return read;
}

/**
 * Reads a plan.
 *
 * @param name of the file, for messages
 * @param check from transports/serve.ts; throws an error with a `path`
 * @throws RangeError that names file, line and member
 */
export function readFaultFile(name: string, text: string, check: (plan: unknown) => ServeFaultPlan): ServeFaultPlan {
  try {
    const { value, lineOf } = parseLocatedJson(text);
    const plan = isObject(value) && Array.isArray(value.rules) ? { ...value, rules: value.rules.map(readRule) } : value;
    try {
      return check(plan);
    } catch (error) {
      if (!(error instanceof RangeError && "path" in error)) throw error;
      throw new RangeError(`line ${lineOf(String(error.path))}: ${error.message}`);
    }
  } catch (error) {
    if (!(error instanceof JsonTextError || error instanceof RangeError)) throw error;
    throw new RangeError(`The faults in ${name}, ${error.message}`);
  }
}
