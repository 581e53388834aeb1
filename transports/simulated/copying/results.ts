/**
 * What the copy manager remembers of copies that are over, by I_T nexus and LIST IDENTIFIER, until it is asked for, another EXTENDED COPY
 * comes with the identifier, or the nexus or the unit is reset (spc4r36f 6.23, 6.25). It knows no command.
 */
import type { Nexus } from "../nexus.ts";

/** One copy that is over. What has been asked for is gone. */
export interface CopyResult {
  /** For RECEIVE COPY STATUS(LID1). */
  status: { readonly failed: boolean; readonly segments: number; readonly bytes: number } | undefined;
  /** For RECEIVE COPY FAILURE DETAILS(LID1). */
  details: { readonly status: number; readonly sense: Uint8Array } | undefined;
}

/** The results of one logical unit. */
export interface CopyResults {
  find(nexus: Nexus, listIdentifier: number): CopyResult | undefined;
  keep(nexus: Nexus, listIdentifier: number, result: CopyResult): void;
  /** The identifier is used again. */
  discard(nexus: Nexus, listIdentifier: number): void;
  /** Those of one nexus are gone, or all. */
  forget(nexus?: Nexus): void;
}

/** As many are kept for one I_T nexus; the eldest makes room. */
const MAXIMUM_RESULTS = 16;

export function createCopyResults(): CopyResults {
  let byNexus = new WeakMap<Nexus, Map<number, CopyResult>>();
  return {
    find: (nexus, listIdentifier) => byNexus.get(nexus)?.get(listIdentifier),
    keep(nexus, listIdentifier, result) {
      const results = byNexus.get(nexus) ?? new Map<number, CopyResult>();
      byNexus.set(nexus, results);
      results.set(listIdentifier, result);
      const [eldest] = results.keys();
      if (results.size > MAXIMUM_RESULTS && eldest !== undefined) results.delete(eldest);
    },
    discard: (nexus, listIdentifier) => void byNexus.get(nexus)?.delete(listIdentifier),
    forget(nexus) {
      if (nexus === undefined) byNexus = new WeakMap();
      else byNexus.delete(nexus);
    },
  };
}
