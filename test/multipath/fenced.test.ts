/** Has this host been fenced while it registered: the rules one by one, where a whole run meets several of them at the same time. */
import { expect, test } from "vitest";
import type { Registration } from "../../src/index.ts";
import { type Attempted, type Claims, fencedSince } from "../../src/multipath/fenced.ts";
import type { PathIdentity } from "../../src/multipath/path.ts";
import type { Seen } from "../../src/multipath/seen.ts";
import type { ReplyKind } from "../../src/multipath/step.ts";

const [OLD, NEW, OTHER] = [0xa1n, 0xa2n, 0xd1n];
const port = (host: string, isid: bigint) =>
  ({ protocol: "iscsi", name: `iqn.2026-01.com.example:${host}`, isid }) as const;
const path: PathIdentity = {
  index: 0,
  name: "a",
  initiatorPort: port("own", 1n),
  relativeTargetPort: 1,
  host: "own",
};
const registered = (key: bigint, host = "own"): Registration => ({
  key,
  transportId: port(host, 1n),
  allTargetPorts: false,
  relativeTargetPort: 1,
  holder: false,
});
/** A look. Without registrations: the target tells the keys alone. */
const seen = (prGeneration: number, keys: readonly bigint[], registrations?: readonly Registration[]): Seen => ({
  keys: { prGeneration, keys, truncated: false },
  reservation: { holder: "none", prGeneration, truncated: false },
  registrations,
  consistent: true,
});
const attempt = (kind: ReplyKind, named: bigint | undefined): Attempted => ({
  path,
  named,
  reply: { kind, unitAttentions: [] },
});
const claims = (previous: Seen, attempts: readonly Attempted[], more: Partial<Claims> = {}): Claims => ({
  newKey: NEW,
  oldKey: OLD,
  previous,
  ports: [port("own", 1n)],
  have: [],
  attempts,
  namedWereReal: true,
  generation: previous.keys.prGeneration,
  moves: 0,
  ...more,
});

const there = seen(5, [OLD, OTHER], [registered(OLD), registered(OTHER, "other")]);
const gone = seen(6, [OTHER], [registered(OTHER, "other")]);
const untold = seen(5, [OLD, OTHER]);
/** A list that was cut: nothing can be counted. */
const cut: Seen = { ...untold, keys: { ...untold.keys, truncated: true } };

test.each<[string, fenced: boolean, Claims, after: Seen]>([
  ["a registration that was seen is gone", true, claims(there, [attempt("unreachable", OLD)]), gone],
  [
    "a key that was named conflicts, and the path has none: also where nobody told which it had",
    true,
    claims(cut, [attempt("conflict", OLD)]),
    gone,
  ],
  [
    "a conflict of a key that only the caller believed in",
    false,
    claims(seen(6, [OTHER]), [attempt("conflict", OLD)], { namedWereReal: false }),
    gone,
  ],
  ["a conflict of who had none", false, claims(gone, [attempt("conflict", 0n)], { oldKey: 0n }), gone],
  [
    "GOOD, and the key is not there",
    true,
    claims(gone, [attempt("good", 0n)], { oldKey: 0n, moves: 1 }),
    seen(8, [OTHER], gone.registrations),
  ],
  ["a path that had the new key has it no more", true, claims(gone, [], { have: [path] }), gone],
  [
    "an answer is lost, and two changes more than this host's and the others' own",
    true,
    claims(gone, [attempt("unknown", 0n)], { oldKey: 0n }),
    seen(8, [OTHER], gone.registrations),
  ],
  ["an answer is lost, and nothing has changed", false, claims(gone, [attempt("unknown", 0n)], { oldKey: 0n }), gone],
  [
    "where keys can only be counted: the old one went, and no new one came",
    true,
    claims(untold, [attempt("good", OLD)], { moves: 1 }),
    seen(7, [OTHER]),
  ],
  [
    "where keys can only be counted: the new one came for the old one",
    false,
    claims(untold, [attempt("good", OLD)], { moves: 1 }),
    seen(6, [NEW, OTHER]),
  ],
  ["unregistering takes away what was there", false, claims(there, [attempt("good", OLD)], { newKey: 0n }), gone],
])("%s: fenced %s", (_, fenced, claimed, after) => {
  expect(fencedSince(claimed, after)).toBe(fenced);
});
