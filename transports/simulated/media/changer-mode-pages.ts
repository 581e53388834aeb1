/** The mode pages of a media changer: where its elements are, and what can be moved where. None can be changed. */
import { ElementType, MediaSize, ChangerModePage as Page } from "../../../src/core/generated/media-codes.ts";
import {
  DeviceCapabilitiesPage,
  ElementAddressAssignmentPage,
  TransportGeometryPage,
} from "../../../src/core/generated/media-fields.ts";
import { core, dataWindow } from "../../../src/core/index.ts";
import { PageControl, type PutModePage } from "../mode-pages.ts";
import type { Library } from "./library.ts";

function start(at: number, pageCode: number, length: number): void {
  dataWindow.fill(0, at, at + length);
  core.putDataField(at, ElementAddressAssignmentPage.PAGE_CODE, pageCode);
  core.putDataField(at, ElementAddressAssignmentPage.PAGE_LENGTH, length - 2);
}

/** Of each type where it begins and how many there are. */
const assignments: readonly (readonly [type: number, first: number, count: number])[] = [
  [
    ElementType.MEDIUM_TRANSPORT,
    ElementAddressAssignmentPage.FIRST_MEDIUM_TRANSPORT_ELEMENT_ADDRESS,
    ElementAddressAssignmentPage.NUMBER_OF_MEDIUM_TRANSPORT_ELEMENTS,
  ],
  [
    ElementType.STORAGE,
    ElementAddressAssignmentPage.FIRST_STORAGE_ELEMENT_ADDRESS,
    ElementAddressAssignmentPage.NUMBER_OF_STORAGE_ELEMENTS,
  ],
  [
    ElementType.IMPORT_EXPORT,
    ElementAddressAssignmentPage.FIRST_IMPORT_EXPORT_ELEMENT_ADDRESS,
    ElementAddressAssignmentPage.NUMBER_OF_IMPORT_EXPORT_ELEMENTS,
  ],
  [
    ElementType.DATA_TRANSFER,
    ElementAddressAssignmentPage.FIRST_DATA_TRANSFER_ELEMENT_ADDRESS,
    ElementAddressAssignmentPage.NUMBER_OF_DATA_TRANSFER_ELEMENTS,
  ],
];

const elementAddressAssignment: PutModePage = (at, pageControl, _settings, { library }) => {
  start(at, Page.ELEMENT_ADDRESS_ASSIGNMENT, MediaSize.ELEMENT_ADDRESS_ASSIGNMENT_PAGE);
  if (pageControl === PageControl.changeable) return MediaSize.ELEMENT_ADDRESS_ASSIGNMENT_PAGE;
  for (const [type, first, count] of assignments) {
    const elements = (library as Library).of(type);
    core.putDataField(at, first, elements[0]?.address ?? 0);
    core.putDataField(at, count, elements.length);
  }
  return MediaSize.ELEMENT_ADDRESS_ASSIGNMENT_PAGE;
};

/** One robot, which turns nothing over. */
const transportGeometry: PutModePage = (at) => {
  start(at, Page.TRANSPORT_GEOMETRY, MediaSize.TRANSPORT_GEOMETRY_PAGE);
  core.putDataField(at, TransportGeometryPage.MEMBER_NUMBER_IN_TRANSPORT_ELEMENT_SET, 0);
  return MediaSize.TRANSPORT_GEOMETRY_PAGE;
};

/** DT, I/E and ST keep media; the hand only on the way. Everything can be brought everywhere. */
const STORES = 0b1110;
const EVERYWHERE = 0b1111;
const stores = [DeviceCapabilitiesPage.STORES] as const;
const everywhere = [
  DeviceCapabilitiesPage.MOVES_FROM_MEDIUM_TRANSPORT,
  DeviceCapabilitiesPage.MOVES_FROM_STORAGE,
  DeviceCapabilitiesPage.MOVES_FROM_IMPORT_EXPORT,
  DeviceCapabilitiesPage.MOVES_FROM_DATA_TRANSFER,
] as const;
/** All but the hand. */
const exchanged = [
  DeviceCapabilitiesPage.EXCHANGES_FROM_STORAGE,
  DeviceCapabilitiesPage.EXCHANGES_FROM_IMPORT_EXPORT,
  DeviceCapabilitiesPage.EXCHANGES_FROM_DATA_TRANSFER,
] as const;

const deviceCapabilities: PutModePage = (at, pageControl) => {
  start(at, Page.DEVICE_CAPABILITIES, MediaSize.DEVICE_CAPABILITIES_PAGE);
  if (pageControl === PageControl.changeable) return MediaSize.DEVICE_CAPABILITIES_PAGE;
  for (const row of stores) core.putDataField(at, row, STORES);
  for (const row of everywhere) core.putDataField(at, row, EVERYWHERE);
  for (const row of exchanged) core.putDataField(at, row, STORES);
  return MediaSize.DEVICE_CAPABILITIES_PAGE;
};

/** By page code. */
export const changerModePages: readonly (readonly [pageCode: number, put: PutModePage])[] = [
  [Page.ELEMENT_ADDRESS_ASSIGNMENT, elementAddressAssignment],
  [Page.TRANSPORT_GEOMETRY, transportGeometry],
  [Page.DEVICE_CAPABILITIES, deviceCapabilities],
];
