/** What every entry exports besides the two that open. Re-exports only. */
export { type DiscoveryOptions, listDevices, type ScsiPath, type ScsiUnit } from "./discovery.ts";
export type { KernelRegisterOptions, KernelReservations, KernelReservationsOptions } from "./kernel-reservations.ts";
export { type MapPath, type MultipathMapNode, mapAt } from "./map/find.ts";
export type { MapOptions } from "./map/map-unit.ts";
export type { AskMultipathd } from "./map/multipathd.ts";
export type { SgEntry } from "./opener.ts";
export type { SgOptions } from "./transport.ts";
