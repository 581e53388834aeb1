/** Standard INQUIRY data, both ways. Its text fields stay where they are: TypeScript reads and writes them in place. */
import { get, has, put } from "./bits";
import { MALFORMED } from "./commands";
import { Size } from "./codes";
import { InquiryData } from "./fields";
import { InquiryRecord } from "./records";
import { data, dataSize, records } from "./windows";

// @ts-ignore: decorator
@inline
function slot(at: u32, field: u32): void {
  store<u32>(records + at, <u32>get(data, field));
}

/** Into an InquiryRecord. At least five bytes must be there; flags beyond `length` read as 0. */
export function decodeInquiry(length: u32): i32 {
  memory.fill(records, 0, InquiryRecord.SIZE);
  if (length > dataSize || !has(length, InquiryData.ADDITIONAL_LENGTH)) return MALFORMED;
  slot(InquiryRecord.QUALIFIER, InquiryData.PERIPHERAL_QUALIFIER);
  slot(InquiryRecord.DEVICE_TYPE, InquiryData.PERIPHERAL_DEVICE_TYPE);
  slot(InquiryRecord.REMOVABLE, InquiryData.RMB);
  slot(InquiryRecord.VERSION, InquiryData.VERSION);
  const wholeLength = 5 + <u32>get(data, InquiryData.ADDITIONAL_LENGTH);
  const there = min<u32>(length, wholeLength);
  store<u32>(records + InquiryRecord.WHOLE_LENGTH, wholeLength);
  store<u32>(records + InquiryRecord.THERE, there);
  if (has(there, InquiryData.TPGS)) slot(InquiryRecord.TPGS, InquiryData.TPGS);
  if (has(there, InquiryData.PROTECT)) slot(InquiryRecord.PROTECT, InquiryData.PROTECT);
  if (has(there, InquiryData.MULTIP)) slot(InquiryRecord.MULTIP, InquiryData.MULTIP);
  if (has(there, InquiryData.CMDQUE)) slot(InquiryRecord.CMDQUE, InquiryData.CMDQUE);
  return 0;
}

/** The 36 bytes of standard INQUIRY data without their text, which the caller puts in place. Returns 36. */
export function encodeInquiry(qualifier: u32, deviceType: u32, removable: u32, version: u32): u32 {
  memory.fill(data, 0, Size.INQUIRY_DATA);
  put(data, InquiryData.PERIPHERAL_QUALIFIER, qualifier);
  put(data, InquiryData.PERIPHERAL_DEVICE_TYPE, deviceType);
  put(data, InquiryData.RMB, removable);
  put(data, InquiryData.VERSION, version);
  put(data, InquiryData.HISUP, 1);
  put(data, InquiryData.RESPONSE_DATA_FORMAT, 2);
  put(data, InquiryData.ADDITIONAL_LENGTH, Size.INQUIRY_DATA - 5);
  put(data, InquiryData.CMDQUE, 1);
  return Size.INQUIRY_DATA;
}
