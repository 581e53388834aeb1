/**
 * What a media changer answers, taken apart as responses.ts does with others: nothing is read past the length given, and each
 * function returns 0 or MALFORMED. The elements themselves are read by their rows (any-field.ts) from where they stand.
 */
import { get, has } from "./bits";
import { Size } from "./codes";
import { MALFORMED } from "./commands";
import { ModeParameterHeader6 } from "./fields";
import { ElementType, MediaSize } from "./media-codes";
import { ElementAddressAssignmentPage, ElementStatusHeader, ElementStatusPageHeader } from "./media-fields";
import { ElementRow } from "./records";
import { finishList, whole } from "./responses";
import { data, dataSize, records, recordsSize, rowsOffset } from "./windows";

/** What of a descriptor is needed: everything up to the last volume tag's text. Behind it come a sequence number and an identifier. */
// @ts-ignore: decorator
@inline
function least(tags: u32): u32 {
  return tags == 0
    ? MediaSize.ELEMENT_DESCRIPTOR
    : MediaSize.ELEMENT_DESCRIPTOR + (tags - 1) * MediaSize.VOLUME_TAG + MediaSize.VOLUME_TAG_TEXT;
}

/**
 * READ ELEMENT STATUS, into ElementRows. Of a descriptor that is cut behind its volume tags LENGTH is what is there (tgt 1.0 sends
 * every answer eight bytes short); one that is cut before ends the list. In the place of a generation stands NUMBER OF ELEMENTS
 * AVAILABLE.
 */
export function decodeElementStatus(length: u32): i32 {
  if (length > dataSize || !has(length, ElementStatusHeader.BYTE_COUNT_OF_REPORT_AVAILABLE)) return MALFORMED;
  const available = <u32>get(data, ElementStatusHeader.BYTE_COUNT_OF_REPORT_AVAILABLE);
  const wholeLength = whole(MediaSize.ELEMENT_STATUS_HEADER, available);
  const limit = min<u32>(length, wholeLength);
  const complete = length >= wholeLength;
  let at: u32 = MediaSize.ELEMENT_STATUS_HEADER;
  let count: u32 = 0;
  let row = records + rowsOffset;
  while (at < limit) {
    const page = data + at;
    if (!has(limit - at, ElementStatusPageHeader.BYTE_COUNT_OF_DESCRIPTOR_DATA_AVAILABLE)) {
      if (complete) return MALFORMED;
      break;
    }
    const type = <u32>get(page, ElementStatusPageHeader.ELEMENT_TYPE_CODE);
    const tags = <u32>get(page, ElementStatusPageHeader.PVOLTAG) + <u32>get(page, ElementStatusPageHeader.AVOLTAG);
    const each = <u32>get(page, ElementStatusPageHeader.ELEMENT_DESCRIPTOR_LENGTH);
    const bytes = <u32>get(page, ElementStatusPageHeader.BYTE_COUNT_OF_DESCRIPTOR_DATA_AVAILABLE);
    at += MediaSize.ELEMENT_STATUS_PAGE_HEADER;
    if (type < <u32>ElementType.MEDIUM_TRANSPORT || type > <u32>ElementType.DATA_TRANSFER) return MALFORMED;
    if (bytes == 0) continue;
    if (each < <u32>MediaSize.ELEMENT_DESCRIPTOR + tags * MediaSize.VOLUME_TAG || bytes % each != 0) return MALFORMED;
    if (complete && bytes > limit - at) return MALFORMED;
    const end = at + bytes;
    while (at < end && at + min<u32>(each, least(tags)) <= limit && row + ElementRow.SIZE <= records + recordsSize) {
      store<u32>(row + ElementRow.TYPE, type);
      store<u32>(row + ElementRow.PVOLTAG, <u32>get(page, ElementStatusPageHeader.PVOLTAG));
      store<u32>(row + ElementRow.AVOLTAG, <u32>get(page, ElementStatusPageHeader.AVOLTAG));
      store<u32>(row + ElementRow.OFFSET, at);
      store<u32>(row + ElementRow.LENGTH, min<u32>(each, limit - at));
      row += ElementRow.SIZE;
      count++;
      at += each;
    }
    if (at < end) break;
  }
  finishList(<u32>get(data, ElementStatusHeader.NUMBER_OF_ELEMENTS_AVAILABLE), wholeLength, count, at < wholeLength);
  return 0;
}

/**
 * MODE SENSE(6) of one page, behind whatever block descriptors there are: where in the data window an element address
 * assignment page begins that is there as a whole, or MALFORMED.
 */
export function findElementAddresses(pageCode: u32, length: u32): i32 {
  if (length > dataSize || !has(length, ModeParameterHeader6.BLOCK_DESCRIPTOR_LENGTH)) return MALFORMED;
  const at: u32 = Size.MODE_PARAMETER_HEADER_6 + <u32>get(data, ModeParameterHeader6.BLOCK_DESCRIPTOR_LENGTH);
  if (at > length || !has(length - at, ElementAddressAssignmentPage.NUMBER_OF_DATA_TRANSFER_ELEMENTS)) return MALFORMED;
  return <u32>get(data + at, ElementAddressAssignmentPage.PAGE_CODE) == pageCode ? <i32>at : MALFORMED;
}
