/** The public surface of `scsi-persist/changer`: media changers for whoever shares them. Re-exports only. */
export { type Changer, createChanger, type Inventory, type Moved, type MoveOptions } from "./changer.ts";
export {
  type ElementRange,
  type ElementStatus,
  elementAddressAssignment,
  initializeElementStatus,
  type MoveMediumOptions,
  moveMedium,
  preventAllowMediumRemoval,
  type ReadElementStatusOptions,
  readElementStatus,
} from "./commands.ts";
export { type ChangerConflict, changerAccess, explainChangerConflict } from "./conflict.ts";
export { type Element, type ElementType, elementTypes } from "./elements.ts";
export {
  type ElementReference,
  findElement,
  type NamedElement,
  named as nameElements,
  type ParsedReference,
  parseElement,
} from "./naming.ts";
