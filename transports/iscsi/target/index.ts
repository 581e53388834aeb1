/** The iSCSI target's surface. Re-exports only. */
export { type Announcement, announcementEvents } from "./announcing.ts";
export type { ServedUnit, UnitAnswer, UnitMishap, UnitNexus } from "./device.ts";
export type { SessionEnd, SessionIdentity, TargetEvent, TargetObserver } from "./events.ts";
export type {
  DigestPolicy,
  IscsiTargetDefinition,
  IscsiTargetOptions,
  PortalOptions,
  TargetAuthentication,
  TargetLimits,
  TargetParameterOptions,
} from "./options.ts";
export { type IscsiTarget, type ServedPortal, serveIscsi } from "./server.ts";
