/** What happens when time runs out while an answer is lost, and when the target changes while one looks. */
import { expect, test } from "vitest";
import {
  commands,
  createLogicalUnit,
  isScsiError,
  type ScsiError,
  type Transport,
  transportError,
} from "../../src/index.ts";

const failure = (promise: Promise<unknown>): Promise<ScsiError> =>
  promise.then(
    () => {
      throw new Error("it succeeded");
    },
    (error) => {
      if (!isScsiError(error)) throw error;
      return error;
    },
  );

const good = (hex: string) => ({
  status: 0,
  dataIn: Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16)),
  sense: new Uint8Array(0),
  residual: 0,
});

/** A transport that answers by service action of PERSISTENT RESERVE IN, and loses the answer to everything else. */
function forgetful(answers: Record<number, string>, lose: () => Promise<never>): Transport & { sent: Uint8Array[] } {
  const sent: Uint8Array[] = [];
  return {
    name: "forgetful",
    sent,
    async execute({ cdb }, options) {
      if (!((options?.timeoutMs ?? 1) > 0)) throw new RangeError("timeoutMs must be above 0");
      sent.push(cdb);
      const answer = cdb[0] === 0x5e ? answers[cdb[1] as number] : undefined;
      return answer === undefined ? lose() : good(answer);
    },
    async [Symbol.asyncDispose]() {},
  };
}

const lost = async (): Promise<never> => {
  throw transportError("CONNECTION_LOST", "unknown", "the connection ended");
};

test("when the deadline has passed nobody is asked any more, and the answer counts as lost", async () => {
  const transport = forgetful({}, async () => {
    await new Promise((resolve) => setTimeout(resolve, 30));
    throw transportError("TIMEOUT", "unknown", "no answer in time");
  });
  const unit = createLogicalUnit(transport, { deadlineMs: 10 });
  const error = await failure(unit.clear({ key: 1n }));
  expect(error).toMatchObject({ code: "LOST_ANSWER", delivered: "unknown", evidence: undefined });
  expect(transport.sent.length).toBe(1);
});

test("if PRGENERATION moves while one looks, nothing is concluded", async () => {
  // READ KEYS: generation 7, no keys. READ RESERVATION: generation 8, none. Somebody was at work in between.
  const transport = forgetful({ 0: "0000000700000000", 1: "0000000800000000" }, lost);
  const error = await failure(createLogicalUnit(transport).clear({ key: 1n }));
  expect(error.code).toBe("LOST_ANSWER");
  expect(error.evidence?.verdict).toBe("undecided");
});

test("if it stays the same, what is seen counts", async () => {
  const transport = forgetful({ 0: "0000000700000000", 1: "0000000700000000" }, lost);
  const { result, settledBy } = await createLogicalUnit(transport).perform(commands.clear({ key: 1n }));
  expect(result).toBeUndefined();
  expect(settledBy?.verdict).toBe("achieved");
  expect(transport.sent.filter((cdb) => cdb[0] === 0x5f).length).toBe(1);
});
