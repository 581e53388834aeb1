/**
 * The iSCSI transport's public surface: sessions, logical units, discovery, URLs. Re-exports only.
 */
export type { ChapAlgorithm, ChapCredentials, ChapOptions } from "./chap.ts";
export { chapAlgorithms } from "./chap.ts";
export type { DiscoveredTarget } from "./discovery.ts";
export { discoverTargets } from "./discovery.ts";
export type { IscsiEvent, IscsiObserver } from "./events.ts";
export type { IscsiSession } from "./initiator.ts";
export { connectIscsi, openIscsi } from "./initiator.ts";
export { defaultInitiatorName, deriveIsid } from "./names.ts";
export type { IscsiConnectOptions, IscsiLoginOptions } from "./options.ts";
export type { DigestChoice, SessionParameters } from "./parameters.ts";
export { type IscsiUnits, type IscsiUnitsOptions, openIscsiUnits, type PortalAddress } from "./paths.ts";
export type { KeepAlive } from "./phase.ts";
export type { IscsiPortal } from "./portal.ts";
export type { Environment, IscsiUrl } from "./url.ts";
export { formatIscsiUrl, parseIscsiUrl } from "./url.ts";
