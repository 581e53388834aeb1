/**
 * CHAP as the target sees it (RFC 1994; RFC 7143 12.1.3): keys in, keys out. It sends nothing, and no secret leaves it.
 */
import {
  type ChapAlgorithm,
  chapAlgorithm,
  chapChallenge,
  chapNumber,
  chapResponse,
  decodeBinary,
  encodeBinary,
  sameResponse,
} from "../chap.ts";
import { readNumber, type TextKeys } from "../text.ts";
import type { TargetAuthentication } from "./options.ts";
import { LoginStatus, refuse } from "./refusal.ts";

/** The security negotiation of one login. */
export interface Authentication {
  /** Is nothing left to prove? Then the login may go on. */
  complete(): boolean;
  /** What the initiator has proved so far. */
  result(): "none" | "chap" | "mutual-chap";
  /** Takes the initiator's keys; returns the answers. Throws a refusal. */
  receive(keys: TextKeys): [string, string][];
}

const nothing = new Uint8Array(0);

/** Begins the security negotiation. `required` is whom to believe; undefined if nothing is to be proved. */
export function authenticate(required: TargetAuthentication | undefined): Authentication {
  let step: "method" | "algorithm" | "response" | "done" = "method";
  let result: ReturnType<Authentication["result"]> = "none";
  let algorithm: ChapAlgorithm = "md5";
  let identifier = 0;
  let challenge = nothing;

  function method(offered: string | undefined): [string, string][] {
    if (offered === undefined) return [];
    const methods = offered.split(",");
    if (required === undefined) {
      if (!methods.includes("None")) {
        throw refuse(LoginStatus.AUTHENTICATION_FAILURE, "the initiator insists on CHAP, and this target has no users");
      }
      step = "done";
      return [["AuthMethod", "None"]];
    }
    if (!methods.includes("CHAP")) {
      throw refuse(LoginStatus.AUTHENTICATION_FAILURE, "the initiator does not offer CHAP");
    }
    step = "algorithm";
    return [["AuthMethod", "CHAP"]];
  }

  function choose(offered: string | undefined): [string, string][] {
    if (offered === undefined) return [];
    const found = offered
      .split(",")
      .map(chapAlgorithm)
      .find((name) => name !== undefined);
    if (found === undefined)
      throw refuse(LoginStatus.AUTHENTICATION_FAILURE, "the initiator offers no digest known here");
    algorithm = found;
    ({ identifier, challenge } = chapChallenge(algorithm) as {
      identifier: number;
      challenge: Uint8Array<ArrayBuffer>;
    });
    step = "response";
    return [
      ["CHAP_A", String(chapNumber(algorithm))],
      ["CHAP_I", String(identifier)],
      ["CHAP_C", encodeBinary(challenge)],
    ];
  }

  function check(keys: TextKeys, { users, target }: TargetAuthentication): [string, string][] {
    const user = keys.get("CHAP_N");
    const text = keys.get("CHAP_R");
    if (user === undefined || text === undefined) return [];
    const known = users.find((one) => one.user === user);
    const given = decodeBinary("CHAP_R", text, "the initiator");
    // An unknown user takes as long as a wrong secret, and is told the same.
    const wanted = chapResponse(algorithm, identifier, known?.password ?? "", challenge);
    if (!sameResponse(given, wanted) || known === undefined) {
      throw refuse(LoginStatus.AUTHENTICATION_FAILURE, "unknown user or wrong secret");
    }
    result = "chap";
    step = "done";
    const theirs = keys.get("CHAP_C");
    if (theirs === undefined) return [];
    if (target === undefined) {
      throw refuse(LoginStatus.AUTHENTICATION_FAILURE, "the initiator asks for a proof, and this target has no secret");
    }
    const theirIdentifier = readNumber("CHAP_I", keys.get("CHAP_I") ?? "", 0, 255, "the initiator");
    const theirChallenge = decodeBinary("CHAP_C", theirs, "the initiator");
    if (sameResponse(theirChallenge, challenge)) {
      throw refuse(LoginStatus.AUTHENTICATION_FAILURE, "the initiator returned the target's challenge (a reflection)");
    }
    result = "mutual-chap";
    const proof = chapResponse(algorithm, theirIdentifier, target.password, theirChallenge);
    return [
      ["CHAP_N", target.user],
      ["CHAP_R", encodeBinary(proof)],
    ];
  }

  return {
    complete: () => step === "done" || (step === "method" && required === undefined),
    result: () => result,
    receive(keys) {
      switch (step) {
        case "method":
          return method(keys.get("AuthMethod"));
        case "algorithm":
          return choose(keys.get("CHAP_A"));
        case "response":
          return check(keys, required as TargetAuthentication);
        case "done":
          return [];
      }
    },
  };
}
